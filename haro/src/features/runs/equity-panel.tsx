import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { TimesIn } from '../../components/zoned-time';
import type { Run } from '../../lib/api-types';
import { useRunEquity } from './api/get-run-equity';
import classes from './equity-panel.module.css';

/** The chart library is as large as the rest of the page, so it comes only with the first chart. */
const EquityChart = lazy(async () => ({ default: (await import('./equity-chart')).EquityChart }));

export function EquityPanel({ run }: { run: Run }) {
  const equity = useRunEquity(run.id);
  return (
    <Panel title="Equity and drawdown" aside={<TimesIn />}>
      <div
        className={classes.frame}
        data-testid="equity-chart"
        data-empty={equity.data?.items.length === 0 || undefined}
      >
        <Content run={run} equity={equity} />
      </div>
    </Panel>
  );
}

function Content({ run, equity }: { run: Run; equity: ReturnType<typeof useRunEquity> }) {
  const blank = <Skeleton height="100%" aria-label="Loading the equity curve" />;
  if (equity.data === undefined) {
    if (!equity.isError) return blank;
    const retry = () => void equity.refetch();
    return <ErrorNotice title="The equity curve could not be loaded" error={equity.error} onRetry={retry} />;
  }
  if (equity.data.items.length === 0) return <p className={classes.nothing}>{nothingYet(run)}</p>;
  return (
    <Suspense fallback={blank}>
      <EquityChart points={equity.data.items} initialCash={run.initial_cash} />
    </Suspense>
  );
}

function nothingYet({ status }: Run): string {
  if (status === 'pending') return 'The curve starts with the run.';
  return status === 'running' || status === 'paused' ? 'No bar has closed yet.' : 'This run recorded no equity.';
}
