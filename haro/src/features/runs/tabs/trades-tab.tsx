import { useMemo, useState } from 'react';
import { EmptyState } from '../../../components/empty-state';
import type { Trade } from '../../../lib/api-types';
import { runTradesKey, tradesOf, type TradeFilter } from '../api/run-lists';
import { Choice, ListFilters } from '../list-filter';
import { RunList } from '../run-list';
import type { TabProps } from '../run-tabs';
import { tradeCard, tradeColumns } from '../trade-columns';
import { TradeWhy } from '../why/why-drawer';

/** Positions from flat to flat, the last closed first; each leads to the chart and to its reasons. */
export function TradesTab({ run, onPlace }: TabProps) {
  const [filter, setFilter] = useState<TradeFilter>({});
  const [asked, setAsked] = useState<Trade | null>(null);
  const withSymbol = run.symbols.length > 1;
  const { columns, card } = useMemo(() => {
    const actions = {
      onChart: (trade: Trade) => {
        onPlace({ tab: 'chart', at: trade.position });
      },
      onWhy: setAsked,
    };
    return { columns: tradeColumns(withSymbol, actions), card: tradeCard(actions) };
  }, [withSymbol, onPlace]);
  return (
    <>
      <RunList
        title="Trades"
        what="trades"
        columns={columns}
        card={card}
        cardHeight={84}
        rowKey={tradeKey}
        rowData={tradeData}
        testId="trades-table"
        queryKey={[...runTradesKey(run.id), filter]}
        fetchPage={tradesOf(run.id, filter)}
        above={<Filters symbols={run.symbols} filter={filter} onChange={setFilter} />}
        empty={<EmptyState title="No trades">A trade is listed once its position is flat again.</EmptyState>}
      />
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

const tradeKey = ({ symbol, position }: Trade) => `${symbol} ${position}`;
const tradeData = () => ({ 'data-testid': 'trade-row' });

interface FiltersProps {
  symbols: string[];
  filter: TradeFilter;
  onChange: (filter: TradeFilter) => void;
}

function Filters({ symbols, filter: { symbol, side }, onChange }: FiltersProps) {
  return (
    <ListFilters>
      <Choice
        label="Side"
        all="long and short"
        values={['long', 'short'] as const}
        value={side}
        onChange={(next) => {
          onChange({ ...(symbol && { symbol }), ...(next && { side: next }) });
        }}
      />
      {symbols.length > 1 && (
        <Choice
          label="Symbol"
          all="every symbol"
          values={symbols}
          value={symbol}
          onChange={(next) => {
            onChange({ ...(next && { symbol: next }), ...(side && { side }) });
          }}
        />
      )}
    </ListFilters>
  );
}
