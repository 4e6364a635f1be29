import { Button, Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { ApiError } from '../../lib/api-error';
import type { Run } from '../../lib/api-types';
import { useRun } from './api/get-run';
import { EquityPanel } from './equity-panel';
import { OrdersPanel } from './orders-panel';
import { RunConfig } from './run-config';
import { RunError } from './run-error';
import { RunFigures } from './run-figures';
import { RunHeader } from './run-header';
import classes from './run-page.module.css';
import { runTitle } from './run-title';

export function RunPage({ runId }: { runId: string }) {
  const run = useRun(runId);
  useDocumentTitle(run.data ? `${runTitle(run.data)} · Weaver` : 'Run · Weaver');
  const retry = () => void run.refetch();
  if (run.data === undefined) {
    if (!run.isError) return <PageSkeleton />;
    if (run.error instanceof ApiError && run.error.status === 404) return <NoSuchRun runId={runId} />;
    return <ErrorNotice title="The run could not be loaded" error={run.error} onRetry={retry} />;
  }
  return (
    <div className={classes.page}>
      {run.isError && <ErrorNotice title="What you see may be old" error={run.error} onRetry={retry} />}
      <RunContent run={run.data} />
    </div>
  );
}

function RunContent({ run }: { run: Run }) {
  return (
    <>
      <RunHeader run={run} />
      {run.status === 'error' && <RunError error={run.error} />}
      <RunFigures run={run} />
      <EquityPanel run={run} />
      <RunConfig run={run} />
      <OrdersPanel key={run.id} runId={run.id} />
    </>
  );
}

function NoSuchRun({ runId }: { runId: string }) {
  return (
    <EmptyState level={1} title="There is no such run" command="weaver run list" action={<ToRuns />}>
      Nothing is known under {runId}. It may have been deleted.
    </EmptyState>
  );
}

function ToRuns() {
  return (
    <Button component={Link} to="/runs" variant="default">
      All runs
    </Button>
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
