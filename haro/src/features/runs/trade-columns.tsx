import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DataColumn } from '../../components/data-table/data-column';
import { RowCard } from '../../components/row-card';
import { SignedMoney } from '../../components/signed-money';
import { ZonedTime } from '../../components/zoned-time';
import type { Trade } from '../../lib/api-types';
import { formatDuration, secondsBetween } from '../../lib/duration-format';
import { formatMoney, formatPrice, formatQuantity } from '../../lib/number-format';
import classes from './run-list.module.css';

export interface TradeActions {
  onChart: (trade: Trade) => void;
  onWhy: (trade: Trade) => void;
}

/** `withSymbol`: of a run that trades several. */
export function tradeColumns(withSymbol: boolean, actions: TradeActions): DataColumn<Trade>[] {
  const symbol: DataColumn<Trade> = { id: 'symbol', header: 'Symbol', cell: (trade) => trade.symbol };
  return [
    {
      id: 'closed',
      header: 'Closed',
      ofTime: true,
      width: 10.5,
      grow: 0,
      cell: ({ closed_at }) => <ZonedTime at={closed_at} seconds />,
    },
    ...(withSymbol ? [symbol] : []),
    { id: 'side', header: 'Side', width: 4, grow: 0, cell: ({ side }) => side },
    { id: 'qty', header: 'Qty', width: 6, numeric: true, cell: ({ qty }) => formatQuantity(qty) },
    { id: 'entry', header: 'Entry', width: 6.5, numeric: true, cell: (trade) => formatPrice(trade.entry_price) },
    { id: 'exit', header: 'Exit', width: 6.5, numeric: true, cell: (trade) => formatPrice(trade.exit_price) },
    { id: 'pnl', header: 'PnL', width: 6, numeric: true, cell: ({ pnl }) => <SignedMoney value={pnl} /> },
    { id: 'fees', header: 'Fees', width: 5, numeric: true, cell: ({ fees }) => formatMoney(fees) },
    { id: 'held', header: 'Held', width: 6, numeric: true, cell: heldFor },
    {
      id: 'opened',
      header: 'Opened',
      ofTime: true,
      width: 10.5,
      grow: 0,
      cell: ({ opened_at }) => <ZonedTime at={opened_at} seconds />,
    },
    {
      id: 'actions',
      header: 'Actions',
      headerHidden: true,
      width: 8.5,
      grow: 0,
      numeric: true,
      cell: (trade) => <Actions trade={trade} {...actions} />,
    },
  ];
}

const heldFor = ({ opened_at, closed_at }: Trade): string => formatDuration(secondsBetween(opened_at, closed_at));

export function tradeCard(actions: TradeActions): (trade: Trade) => ReactNode {
  return (trade) => (
    <RowCard>
      <span>
        {trade.side} {formatQuantity(trade.qty)} {trade.symbol}
      </span>
      <SignedMoney value={trade.pnl} />
      <span className={classes.dim}>
        {formatPrice(trade.entry_price)} to {formatPrice(trade.exit_price)}
      </span>
      <span className={classes.dim}>{heldFor(trade)}</span>
      <span className={classes.dim}>
        <ZonedTime at={trade.closed_at} seconds />
      </span>
      <Actions trade={trade} {...actions} />
    </RowCard>
  );
}

function Actions({ trade, onChart, onWhy }: TradeActions & { trade: Trade }) {
  return (
    <Button.Group style={{ justifyContent: 'flex-end' }}>
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => {
          onChart(trade);
        }}
      >
        Chart
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        data-testid="why-trade"
        onClick={() => {
          onWhy(trade);
        }}
      >
        Why?
      </Button>
    </Button.Group>
  );
}
