import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { DataColumn } from '../../components/data-table/data-column';
import { DataTable } from '../../components/data-table/data-table';
import { ModeBadge } from '../../components/mode-badge';
import { Panel } from '../../components/panel';
import { RowCard } from '../../components/row-card';
import type { Overview } from '../../lib/api-types';
import { formatMoney, formatPrice, formatQuantity } from '../../lib/number-format';
import classes from './overview-page.module.css';
import { tradingRunTitle } from './trading-run-title';

type TradingRun = Overview['runs'][number];

interface HeldPosition {
  run: TradingRun;
  held: TradingRun['open_positions'][number];
}

const columns: DataColumn<HeldPosition>[] = [
  { id: 'mode', header: 'Mode', width: 6, grow: 0, cell: ({ run }) => <ModeBadge mode={run.mode} /> },
  {
    id: 'run',
    header: 'Run',
    width: 8,
    cell: ({ run }) => tradingRunTitle(run),
    sortValue: ({ run }) => tradingRunTitle(run),
  },
  { id: 'symbol', header: 'Symbol', width: 6, cell: ({ held }) => held.symbol, sortValue: ({ held }) => held.symbol },
  { id: 'qty', header: 'Quantity', width: 6, numeric: true, cell: ({ held }) => formatQuantity(held.qty) },
  { id: 'price', header: 'Price', width: 6.5, numeric: true, cell: ({ held }) => formatPrice(held.price) },
  {
    id: 'value',
    header: 'Value',
    width: 7,
    numeric: true,
    cell: ({ held }) => formatMoney(held.value),
    sortValue: ({ held }) => Math.abs(Number(held.value)),
  },
];

const positionKey = ({ run, held }: HeldPosition) => `${run.run_id} ${held.symbol}`;

const positionCard = ({ run, held }: HeldPosition) => (
  <RowCard>
    <span>
      <ModeBadge mode={run.mode} /> {formatQuantity(held.qty)} {held.symbol}
    </span>
    <span>{formatMoney(held.value)}</span>
    <span className={classes.dim}>{tradingRunTitle(run)}</span>
    <span className={classes.dim}>at {formatPrice(held.price)}</span>
  </RowCard>
);

/** What paper and live runs hold, the largest first. */
export function PositionsPanel({ runs }: { runs: TradingRun[] }) {
  const navigate = useNavigate();
  const rows = useMemo(() => runs.flatMap((run) => run.open_positions.map((held) => ({ run, held }))), [runs]);
  return (
    <Panel title="Open positions" flush>
      <DataTable
        label="Open positions"
        columns={columns}
        rows={rows}
        rowKey={positionKey}
        initialSort={{ column: 'value', descending: true }}
        card={positionCard}
        cardHeight={54}
        maxHeight="22rem"
        inPanel
        onOpen={({ run }) =>
          void navigate({ to: '/runs/$runId', params: { runId: run.run_id }, search: { tab: 'positions' } })
        }
        empty={<p className={classes.nothing}>Nothing is held.</p>}
      />
    </Panel>
  );
}
