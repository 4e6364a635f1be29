import { Skeleton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { DataColumn } from '../../components/data-table/data-column';
import { DataTable } from '../../components/data-table/data-table';
import { ErrorNotice } from '../../components/error-notice';
import { ModeBadge } from '../../components/mode-badge';
import { Panel } from '../../components/panel';
import { SignedMoney } from '../../components/signed-money';
import type { Position } from '../../lib/api-types';
import { formatMoney, formatPrice, formatQuantity } from '../../lib/number-format';
import { useOpenPositions } from './api/get-open-positions';
import classes from './overview-page.module.css';

const columns: DataColumn<Position>[] = [
  { id: 'mode', header: 'Mode', width: 6, grow: 0, cell: ({ mode }) => <ModeBadge mode={mode} /> },
  { id: 'symbol', header: 'Symbol', width: 7, cell: ({ symbol }) => symbol, sortValue: ({ symbol }) => symbol },
  { id: 'side', header: 'Side', width: 4, grow: 0, wideOnly: true, cell: ({ side }) => side },
  { id: 'quantity', header: 'Quantity', width: 5, numeric: true, cell: ({ quantity }) => formatQuantity(quantity) },
  {
    id: 'cost',
    header: 'Cost',
    width: 6,
    numeric: true,
    cell: ({ cost }) => formatMoney(cost),
    sortValue: ({ cost }) => Number(cost),
  },
  {
    id: 'average',
    header: 'Avg price',
    width: 6,
    numeric: true,
    wideOnly: true,
    cell: (one) => formatPrice(one.average_price),
  },
  {
    id: 'realised',
    header: 'Realised',
    width: 6,
    numeric: true,
    wideOnly: true,
    cell: (one) => <SignedMoney value={one.realised_pnl} />,
  },
];

const positionKey = ({ run_id, symbol }: Position) => `${run_id} ${symbol}`;

export function PositionsPanel() {
  const positions = useOpenPositions();
  const navigate = useNavigate();
  return (
    <Panel title="Open positions of paper and live runs">
      {positions.isError && positions.data === undefined && (
        <ErrorNotice
          title="The positions could not be loaded"
          error={positions.error}
          onRetry={() => void positions.refetch()}
        />
      )}
      {positions.data === undefined && !positions.isError && <Skeleton height={120} />}
      {positions.data && (
        <DataTable
          label="Open positions"
          columns={columns}
          rows={positions.data}
          rowKey={positionKey}
          maxHeight="22rem"
          onOpen={({ run_id }) =>
            void navigate({ to: '/runs/$runId', params: { runId: run_id }, search: { tab: 'positions' } })
          }
          empty={<p className={classes.nothing}>Nothing is held.</p>}
        />
      )}
    </Panel>
  );
}
