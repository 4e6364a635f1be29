import { Button, Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../../components/empty-state';
import { ErrorFacts } from '../../components/error-facts';
import { ErrorNotice } from '../../components/error-notice';
import { ApiError } from '../../lib/api-error';
import { useRun } from './api/get-run';
import { RunError } from './run-error';
import { RunHeader } from './run-header';
import classes from './run-page.module.css';
import './run-page-styles';
import { RunTabPanels } from './run-tab-panels';
import type { RunPlace, RunTab } from './run-tabs';
import { runTitle } from './run-title';

interface RunPageProps {
  runId: string;
  tab: RunTab;
  at: RunPlace['at'];
  onPlace: (place: RunPlace) => void;
}

export function RunPage({ runId, tab, at, onPlace }: RunPageProps) {
  const run = useRun(runId);
  useDocumentTitle(run.data ? `${runTitle(run.data)} · Weaver` : 'Run · Weaver');
  const retry = () => void run.refetch();
  if (run.data === undefined) {
    if (!run.isError) return <PageSkeleton />;
    if (run.error instanceof ApiError && run.error.status === 404) return <NoSuchRun runId={runId} error={run.error} />;
    return <ErrorNotice title="The run could not be loaded" error={run.error} onRetry={retry} />;
  }
  return (
    <div className={classes.page}>
      {run.isError && <ErrorNotice title="What you see may be old" error={run.error} onRetry={retry} />}
      <RunHeader run={run.data} />
      {(run.data.status === 'error' || run.data.error !== null) && <RunError error={run.data.error} />}
      <RunTabPanels run={run.data} tab={tab} at={at} onPlace={onPlace} />
    </div>
  );
}

function NoSuchRun({ runId, error }: { runId: string; error: ApiError }) {
  const wayOut = (
    <>
      <Button component={Link} to="/runs" variant="default">
        All runs
      </Button>
      <ErrorFacts error={error} />
    </>
  );
  return (
    <EmptyState level={1} title="There is no such run" command="weaver run list" action={wayOut}>
      Nothing is known under {runId}. It may have been deleted.
    </EmptyState>
  );
}

function PageSkeleton() {
  return (
    <div className={classes.page} aria-busy="true" aria-label="Loading the run">
      <Skeleton height={68} />
      <Skeleton height={76} />
      <Skeleton height={380} />
      <Skeleton height={240} />
    </div>
  );
}
