import { Button } from '@mantine/core';
import { useState } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { SignedMoney } from '../../../components/signed-money';
import { UtcTime } from '../../../components/utc-time';
import type { Trade } from '../../../lib/api-types';
import { formatDuration, secondsBetween } from '../../../lib/duration-format';
import { formatMoney, formatPrice, formatQuantity } from '../../../lib/number-format';
import { runTradesKey, tradesOf, type TradeFilter } from '../api/run-lists';
import { CursorPages } from '../cursor-pages';
import { Choice, ListFilters } from '../list-filter';
import { RecordTable, type Column } from '../record-table';
import type { TabProps } from '../run-tabs';
import { TradeWhy } from '../why/why-drawer';

/** Positions from flat to flat, the last closed first; each leads to the chart and to its reasons. */
export function TradesTab({ run, onPlace }: TabProps) {
  const [filter, setFilter] = useState<TradeFilter>({});
  const [asked, setAsked] = useState<Trade | null>(null);
  const columns = tradeColumns(run.symbols.length > 1, {
    onChart: (trade) => {
      onPlace({ tab: 'chart', at: trade.position });
    },
    onWhy: setAsked,
  });
  return (
    <>
      <CursorPages
        key={JSON.stringify(filter)}
        title="Trades"
        what="trades"
        queryKey={[...runTradesKey(run.id), filter]}
        fetchPage={tradesOf(run.id, filter)}
        above={
          <ListFilters>
            <Choice
              label="Side"
              all="long and short"
              values={['long', 'short'] as const}
              value={filter.side}
              onChange={(side) => {
                setFilter(({ symbol }) => ({ ...(symbol && { symbol }), ...(side && { side }) }));
              }}
            />
            {run.symbols.length > 1 && (
              <Choice
                label="Symbol"
                all="every symbol"
                values={run.symbols}
                value={filter.symbol}
                onChange={(symbol) => {
                  setFilter(({ side }) => ({ ...(symbol && { symbol }), ...(side && { side }) }));
                }}
              />
            )}
          </ListFilters>
        }
        empty={<EmptyState title="No trades">A trade is listed once its position is flat again.</EmptyState>}
      >
        {(trades) => (
          <RecordTable
            label="Trades"
            columns={columns}
            items={trades}
            keyOf={({ symbol, position }) => `${symbol} ${position}`}
            testId="trades-table"
            rowTestId="trade-row"
          />
        )}
      </CursorPages>
      <TradeWhy
        run={run}
        trade={asked}
        onClose={() => {
          setAsked(null);
        }}
        onPlace={onPlace}
      />
    </>
  );
}

interface TradeActions {
  onChart: (trade: Trade) => void;
  onWhy: (trade: Trade) => void;
}

function tradeColumns(withSymbol: boolean, { onChart, onWhy }: TradeActions): Column<Trade>[] {
  const symbol: Column<Trade> = { title: 'Symbol', cell: (trade) => trade.symbol };
  return [
    { title: 'Closed', cell: (trade) => <UtcTime at={trade.closed_at} seconds /> },
    ...(withSymbol ? [symbol] : []),
    { title: 'Side', cell: (trade) => trade.side },
    { title: 'Qty', numeric: true, cell: (trade) => formatQuantity(trade.qty) },
    { title: 'Entry', numeric: true, cell: (trade) => formatPrice(trade.entry_price) },
    { title: 'Exit', numeric: true, cell: (trade) => formatPrice(trade.exit_price) },
    { title: 'PnL', numeric: true, cell: (trade) => <SignedMoney value={trade.pnl} /> },
    { title: 'Fees', numeric: true, cell: (trade) => formatMoney(trade.fees) },
    { title: 'Held', numeric: true, cell: (trade) => formatDuration(secondsBetween(trade.opened_at, trade.closed_at)) },
    { title: 'Opened', cell: (trade) => <UtcTime at={trade.opened_at} seconds /> },
    {
      title: '',
      numeric: true,
      cell: (trade) => (
        <Button.Group>
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
      ),
    },
  ];
}
