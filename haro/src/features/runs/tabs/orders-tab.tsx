import { useMemo, useState } from 'react';
import { EmptyState } from '../../../components/empty-state';
import type { Order } from '../../../lib/api-types';
import { orderStatuses } from '../../../lib/api-types';
import { filteredOrdersKey, ordersOf, type OrderFilter } from '../api/run-lists';
import { Choice, ListFilters } from '../list-filter';
import { orderCardHeight, orderData, orderKey, ordersLook } from '../orders-table';
import { RunList } from '../run-list';
import type { TabProps } from '../run-tabs';
import { OrderWhy } from '../why/why-drawer';

/** Every order of the run, newest first. */
export function OrdersTab({ run, onPlace }: TabProps) {
  const [filter, setFilter] = useState<OrderFilter>({});
  const [asked, setAsked] = useState<Order | null>(null);
  const [withSymbol, canCancel] = [run.symbols.length > 1, run.mode !== 'backtest'];
  const look = useMemo(() => ordersLook(withSymbol, { onWhy: setAsked, canCancel }), [withSymbol, canCancel]);
  return (
    <>
      <RunList
        title="Orders"
        what="orders"
        testId="orders-table"
        {...look}
        rowKey={orderKey}
        rowData={orderData}
        cardHeight={orderCardHeight(true)}
        queryKey={filteredOrdersKey(run.id, filter)}
        fetchPage={ordersOf(run.id, filter)}
        above={<Filters symbols={run.symbols} filter={filter} onChange={setFilter} />}
        empty={
          Object.keys(filter).length > 0 ? (
            <EmptyState title="No such orders">None of the run&rsquo;s orders is as the filters want it.</EmptyState>
          ) : (
            <EmptyState title="No orders yet">Orders appear here as the strategy places them.</EmptyState>
          )
        }
      />
      <OrderWhy
        run={run}
        orderId={asked?.id ?? null}
        onClose={() => {
          setAsked(null);
        }}
        onPlace={onPlace}
      />
    </>
  );
}

interface FiltersProps {
  symbols: string[];
  filter: OrderFilter;
  onChange: (filter: OrderFilter) => void;
}

function Filters({ symbols, filter, onChange }: FiltersProps) {
  const { status, symbol, side } = filter;
  const choose = (next: { [Name in keyof OrderFilter]: OrderFilter[Name] | undefined }) => {
    const wanted = { status, symbol, side, ...next };
    onChange(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)));
  };
  return (
    <ListFilters>
      <Choice
        label="Status"
        all="every status"
        values={orderStatuses}
        value={status}
        onChange={(next) => {
          choose({ status: next });
        }}
      />
      <Choice
        label="Side"
        all="buy and sell"
        values={['buy', 'sell'] as const}
        value={side}
        onChange={(next) => {
          choose({ side: next });
        }}
      />
      {symbols.length > 1 && (
        <Choice
          label="Symbol"
          all="every symbol"
          values={symbols}
          value={symbol}
          onChange={(next) => {
            choose({ symbol: next });
          }}
        />
      )}
    </ListFilters>
  );
}
