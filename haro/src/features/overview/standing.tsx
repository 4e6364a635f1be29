import { Skeleton } from '@mantine/core';
import { useMemo } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import type { Overview, RunMode } from '../../lib/api-types';
import { useEquities, type Curves } from './api/get-equities';
import { useOverview } from './api/get-overview';
import { EquityPanel } from './equity-panel';
import classes from './overview-page.module.css';
import { PositionsPanel } from './positions-panel';
import { StandingFigures } from './standing-figures';
import { TradingRuns } from './trading-runs';

/** How paper and live trading stands: sums, curves, runs with their limits, positions. */
export function Standing() {
  const overview = useOverview();
  const retry = () => void overview.refetch();
  if (overview.data === undefined)
    return (
      <div className={classes.wide}>
        {overview.isError ? (
          <ErrorNotice title="How things stand could not be loaded" error={overview.error} onRetry={retry} />
        ) : (
          <Skeleton height={320} aria-label="Loading how things stand" />
        )}
      </div>
    );
  return (
    <>
      {overview.isError && (
        <div className={classes.wide}>
          <ErrorNotice title="These figures may be old" error={overview.error} onRetry={retry} />
        </div>
      )}
      <Known overview={overview.data} />
    </>
  );
}

function Known({ overview }: { overview: Overview }) {
  const { runs } = overview;
  const totals = overview.totals.toSorted((a, b) => a.mode.localeCompare(b.mode, 'en'));
  const curves = useEquities(runs.map(({ run_id }) => run_id));
  return (
    <>
      <StandingFigures overview={overview} />
      {totals.map(({ mode }) => (
        <div key={mode} className={totals.length === 1 ? classes.wide : undefined}>
          <ModeCurve mode={mode} runs={runs} curves={curves} />
        </div>
      ))}
      <div className={classes.wide}>
        <TradingRuns runs={runs} curves={curves} />
      </div>
      <PositionsPanel runs={runs} />
    </>
  );
}

interface ModeCurveProps {
  mode: RunMode;
  runs: Overview['runs'];
  curves: Curves;
}

function ModeCurve({ mode, runs, curves }: ModeCurveProps) {
  const own = useMemo(() => runs.filter((run) => run.mode === mode), [runs, mode]);
  const known = useMemo(
    () => own.map(({ run_id }) => curves[run_id]).filter((points) => points !== undefined),
    [own, curves],
  );
  return <EquityPanel mode={mode} curves={known} runs={own.length} />;
}
