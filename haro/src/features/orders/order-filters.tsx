import { FilterBar, FilterSelect, FilterText, FilterTime } from '../../components/filter-bar';
import { orderSides, orderStatuses } from '../../lib/api-types';
import type { OrderFilter } from './api/get-orders';
import type { RunNames } from './order-columns';

interface OrderFiltersProps {
  filter: OrderFilter;
  runs: RunNames;
  onFilter: (filter: OrderFilter) => void;
}

export function OrderFilters({ filter, runs, onFilter }: OrderFiltersProps) {
  const change = (name: keyof OrderFilter) => (value: string | undefined) => {
    const others = Object.entries(filter).filter(([other]) => other !== name);
    onFilter(Object.fromEntries(value === undefined ? others : [...others, [name, value]]));
  };
  const clear = () => {
    onFilter({});
  };
  return (
    <FilterBar onClear={Object.keys(filter).length > 0 ? clear : undefined}>
      <FilterSelect
        label="Run"
        value={filter.run}
        choices={[...(runs?.values() ?? [])].map(({ id, name }) => ({ value: id, label: name }))}
        onChange={change('run')}
      />
      <FilterSelect label="Status" value={filter.status} choices={orderStatuses} onChange={change('status')} />
      <FilterText label="Symbol" value={filter.symbol} placeholder="BTC/USD" onChange={change('symbol')} />
      <FilterSelect label="Side" value={filter.side} choices={orderSides} onChange={change('side')} />
      <FilterTime label="From" value={filter.start} onChange={change('start')} />
      <FilterTime label="Before" value={filter.end} onChange={change('end')} />
    </FilterBar>
  );
}
