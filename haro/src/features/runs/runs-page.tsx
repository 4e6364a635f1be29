import { Button, Pagination, Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { PageHeading } from '../../components/page-heading';
import { runsPageSize, useRuns } from './api/get-runs';
import classes from './runs-page.module.css';
import { RunsTable } from './runs-table';

interface RunsPageProps {
  page: number;
  onPage: (page: number) => void;
}

export function RunsPage({ page, onPage }: RunsPageProps) {
  useDocumentTitle('Runs · Weaver');
  return (
    <>
      <PageHeading title="Runs">
        <Button component={Link} to="/new" size="sm">
          New backtest
        </Button>
      </PageHeading>
      <RunsList page={page} onPage={onPage} />
    </>
  );
}

function RunsList({ page, onPage }: RunsPageProps) {
  const runs = useRuns(page);
  const retry = () => void runs.refetch();
  if (runs.data === undefined) {
    if (runs.isError) return <ErrorNotice title="The runs could not be loaded" error={runs.error} onRetry={retry} />;
    return <TableSkeleton />;
  }
  const pages = Math.ceil((runs.data.total ?? 0) / runsPageSize);
  return (
    <div className={classes.list}>
      {runs.isError && <ErrorNotice title="These runs may be old" error={runs.error} onRetry={retry} />}
      {runs.data.items.length > 0 ? <RunsTable runs={runs.data.items} /> : <NoRuns page={page} />}
      {pages > 1 && (
        <Pagination
          total={pages}
          value={page}
          onChange={onPage}
          size="sm"
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
        />
      )}
    </div>
  );
}

function NoRuns({ page }: { page: number }) {
  if (page > 1) return <EmptyState title="No runs on this page" />;
  return (
    <div className={classes.frame}>
      <EmptyState title="No runs yet" command="weaver backtest sma_cross --symbol BTC/USD --timeframe 1h">
        Start the first backtest with the button above, or from the command line. It appears here by itself.
      </EmptyState>
    </div>
  );
}

function TableSkeleton() {
  return (
    <div className={classes.skeleton} aria-busy="true" aria-label="Loading the runs">
      {Array.from({ length: 6 }, (_, row) => (
        <Skeleton key={row} height={36} />
      ))}
    </div>
  );
}
