import { Button, Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../../components/empty-state';
import { ErrorFacts } from '../../components/error-facts';
import { ErrorNotice } from '../../components/error-notice';
import { PageBody } from '../../components/page-body';
import { ApiError } from '../../lib/api-error';
import { useSweep } from './api/get-sweep';
import { LuckPanel } from './luck-panel';
import { SurfacePanel } from './surface-panel';
import { SweepHeader } from './sweep-header';
import { TrialsPanel } from './trials-panel';
import { WalkPanel } from './walk-panel';
import { windowOf, type SweepView } from './sweep-view';

interface SweepPageProps {
  sweepId: string;
  view: SweepView;
  onView: (view: SweepView) => void;
}

export function SweepPage({ sweepId, view, onView }: SweepPageProps) {
  const query = useSweep(sweepId);
  const sweep = query.data;
  useDocumentTitle(`${sweep?.name ?? 'Sweep'} · Weaver`);
  const retry = () => void query.refetch();
  if (sweep === undefined) {
    if (!query.isError) return <PageSkeleton />;
    if (query.error instanceof ApiError && query.error.status === 404)
      return <NoSuchSweep sweepId={sweepId} error={query.error} />;
    return <ErrorNotice title="The sweep could not be loaded" error={query.error} onRetry={retry} />;
  }
  const window = windowOf(sweep, view);
  return (
    <PageBody>
      {query.isError && <ErrorNotice title="What you see may be old" error={query.error} onRetry={retry} />}
      <SweepHeader sweep={sweep} />
      <LuckPanel sweep={sweep} />
      {sweep.walk_forward !== null && <WalkPanel sweep={sweep} />}
      <SurfacePanel sweep={sweep} view={view} window={window} onView={onView} />
      <TrialsPanel sweep={sweep} window={window} />
    </PageBody>
  );
}

function NoSuchSweep({ sweepId, error }: { sweepId: string; error: ApiError }) {
  const wayOut = (
    <>
      <Button component={Link} to="/sweeps" variant="default">
        All sweeps
      </Button>
      <ErrorFacts error={error} />
    </>
  );
  return (
    <EmptyState level={1} title="There is no such sweep" command="weaver sweeps list" action={wayOut}>
      Nothing is known under {sweepId}.
    </EmptyState>
  );
}

function PageSkeleton() {
  return (
    <PageBody loading="Loading the sweep">
      <Skeleton height={90} />
      <Skeleton height={150} />
      <Skeleton height={320} />
      <Skeleton height={240} />
    </PageBody>
  );
}
