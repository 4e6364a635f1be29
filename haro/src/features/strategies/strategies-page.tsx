import { Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { FilterField } from '../../components/filter-field';
import { FilterLine, PageBody } from '../../components/page-body';
import { PageHeading } from '../../components/page-heading';
import type { StrategyEntry } from '../../lib/api-types';
import { useStrategies } from '../../lib/requests/get-strategies';
import { BrokenStrategies } from './broken-strategies';
import { matchingStrategies } from './parameter-rows';
import { StrategyCard } from './strategy-card';

interface StrategiesPageProps {
  /** The filter, as the address says it. */
  filter: string;
  onFilter: (filter: string) => void;
}

const refetchMs = 15_000;

/** What can be run, what can be set of it, and what could not be loaded. */
export function StrategiesPage({ filter, onFilter }: StrategiesPageProps) {
  useDocumentTitle('Strategies · Weaver');
  return (
    <>
      <PageHeading title="Strategies" />
      <Content filter={filter} onFilter={onFilter} />
    </>
  );
}

function Content({ filter, onFilter }: StrategiesPageProps) {
  const strategies = useStrategies({ refetchMs });
  const retry = () => void strategies.refetch();
  if (strategies.data === undefined) {
    if (strategies.isError)
      return <ErrorNotice title="The strategies could not be loaded" error={strategies.error} onRetry={retry} />;
    return <CardsSkeleton />;
  }
  const { items } = strategies.data;
  return (
    <PageBody>
      {strategies.isError && <ErrorNotice title="This list may be old" error={strategies.error} onRetry={retry} />}
      {items.length === 0 ? <NoStrategies /> : <Catalogue items={items} filter={filter} onFilter={onFilter} />}
    </PageBody>
  );
}

function Catalogue({ items, filter, onFilter }: StrategiesPageProps & { items: StrategyEntry[] }) {
  const shown = matchingStrategies(items, filter);
  const broken = shown.filter(({ error }) => error !== null);
  return (
    <>
      <FilterLine count={countText(shown.length, items.length, broken.length)}>
        <FilterField
          label="Filter by name, class, author, source or description"
          placeholder="Name, author, description"
          value={filter}
          onChange={onFilter}
        />
      </FilterLine>
      <BrokenStrategies strategies={broken} />
      {shown.map(
        (strategy) =>
          strategy.error === null && <StrategyCard key={`${strategy.source} ${strategy.name}`} strategy={strategy} />,
      )}
      {shown.length === 0 && <EmptyState title={`Nothing matches “${filter}”`} />}
    </>
  );
}

function countText(shown: number, all: number, broken: number): string {
  const count = shown === all ? `${all} ${all === 1 ? 'strategy' : 'strategies'}` : `${shown} of ${all} strategies`;
  return broken > 0 ? `${count} · ${broken} could not be loaded` : count;
}

function NoStrategies() {
  return (
    <EmptyState title="No strategies yet" command="weaver strategies list" framed>
      Put a Python file with a Strategy class into the folder “strategies” where Weaver was started, or into the one
      that WEAVER_STRATEGIES_DIR names. It appears here by itself; this command says what was found, and why a file was
      not loaded.
    </EmptyState>
  );
}

function CardsSkeleton() {
  return (
    <PageBody loading="Loading the strategies">
      <Skeleton height={36} width="min(100%, 18rem)" />
      <Skeleton height={190} />
      <Skeleton height={190} />
    </PageBody>
  );
}
