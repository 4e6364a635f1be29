import { FilterBar, FilterSelect, FilterText } from '../../components/filter-bar';
import { runModes, runStatuses } from '../../lib/api-types';
import type { RunFilter } from './api/get-runs';
import { useStrategies } from './api/get-strategies';

interface RunFiltersProps {
  filter: RunFilter;
  onFilter: (filter: RunFilter) => void;
}

export function RunFilters({ filter, onFilter }: RunFiltersProps) {
  const strategies = useStrategies();
  const change = (name: keyof RunFilter, value: string | undefined) => {
    const others = Object.entries(filter).filter(([other]) => other !== name);
    onFilter(Object.fromEntries(value === undefined ? others : [...others, [name, value]]));
  };
  const clear = () => {
    onFilter({});
  };
  return (
    <FilterBar onClear={Object.keys(filter).length > 0 ? clear : undefined}>
      <FilterSelect
        label="Status"
        value={filter.status}
        choices={runStatuses}
        onChange={(value) => {
          change('status', value);
        }}
      />
      <FilterSelect
        label="Mode"
        value={filter.mode}
        choices={runModes}
        onChange={(value) => {
          change('mode', value);
        }}
      />
      <FilterSelect
        label="Strategy"
        value={filter.strategy}
        choices={strategies.data?.items.map(({ name }) => name) ?? []}
        onChange={(value) => {
          change('strategy', value);
        }}
      />
      <FilterText
        label="Tag"
        value={filter.tag}
        onChange={(value) => {
          change('tag', value);
        }}
      />
    </FilterBar>
  );
}
