import { Button } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link, useNavigate } from '@tanstack/react-router';
import { DataTable } from '../../components/data-table/data-table';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { FilterBar, FilterSelect } from '../../components/filter-bar';
import { PageHeading } from '../../components/page-heading';
import { sweepStatuses, type Sweep } from '../../lib/api-types';
import { useStrategies } from '../../lib/requests/get-strategies';
import { usePagedSweeps, type SweepFilter } from './api/get-sweeps';
import { SweepCard, sweepColumns } from './sweep-columns';
import classes from './sweeps.module.css';

interface SweepsPageProps {
  filter: SweepFilter;
  onFilter: (filter: SweepFilter) => void;
}

export function SweepsPage({ filter, onFilter }: SweepsPageProps) {
  useDocumentTitle('Sweeps · Weaver');
  const navigate = useNavigate();
  const sweeps = usePagedSweeps(filter);
  const filtered = Object.keys(filter).length > 0;
  return (
    <>
      <PageHeading title="Sweeps">
        <Button component={Link} to="/sweeps/new" size="sm">
          New sweep
        </Button>
      </PageHeading>
      <SweepFilters filter={filter} onFilter={onFilter} />
      {sweeps.error && (
        <div className={classes.notice}>
          <ErrorNotice
            title={sweeps.total === null ? 'The sweeps could not be loaded' : 'These sweeps may be old'}
            error={sweeps.error}
            onRetry={sweeps.retry}
          />
        </div>
      )}
      {(sweeps.total !== null || sweeps.error === null) && (
        <DataTable
          label="Sweeps"
          testId="sweeps-table"
          columns={sweepColumns}
          rows={sweeps.rows}
          onNeed={sweeps.need}
          rowKey={sweepId}
          rowName={sweepName}
          rowData={sweepData}
          onOpen={(sweep) => void navigate({ to: '/sweeps/$sweepId', params: { sweepId: sweep.id } })}
          card={sweepCard}
          cardHeight={88}
          empty={filtered ? <NoneFound /> : <NoSweeps />}
        />
      )}
    </>
  );
}

const sweepId = (sweep: Sweep) => sweep.id;
const sweepName = (sweep: Sweep) => sweep.name;
const sweepData = (sweep: Sweep) => ({ 'data-testid': 'sweep-row', 'data-sweep-id': sweep.id });
const sweepCard = (sweep: Sweep) => <SweepCard sweep={sweep} />;

function SweepFilters({ filter, onFilter }: SweepsPageProps) {
  const strategies = useStrategies();
  const change = (name: keyof SweepFilter, value: string | undefined) => {
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
        choices={sweepStatuses}
        onChange={(value) => {
          change('status', value);
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
    </FilterBar>
  );
}

function NoSweeps() {
  return (
    <EmptyState
      title="No sweeps yet"
      command="weaver sweep sma_cross --symbol BTC/USD --timeframe 1h --grid fast=5:20:5 --grid slow=30:60:10"
    >
      A sweep tries many combinations of a strategy’s parameters and says how much of the best may be luck. Begin one
      with the button above, or from the command line. It appears here by itself.
    </EmptyState>
  );
}

function NoneFound() {
  return <EmptyState title="No sweep is like that">Clear a filter above to see more.</EmptyState>;
}
