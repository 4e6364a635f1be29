import { Skeleton } from '@mantine/core';
import { lazy, Suspense, useMemo } from 'react';
import { ModeBadge } from '../../components/mode-badge';
import { Panel } from '../../components/panel';
import { TimesIn } from '../../components/zoned-time';
import type { EquityPoint, RunMode } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { equitySum } from './equity-sum';
import classes from './overview-page.module.css';

/** The chart library is as large as the rest of the page, so it comes after the figures. */
const EquitySumChart = lazy(async () => ({ default: (await import('./equity-sum-chart')).EquitySumChart }));

interface EquityPanelProps {
  mode: RunMode;
  curves: EquityPoint[][];
  /** How many runs of the mode there are; more than there are curves while those are on their way. */
  runs: number;
}

/** Equity of all runs of a mode together. */
export function EquityPanel({ mode, curves, runs }: EquityPanelProps) {
  const points = useMemo(() => equitySum(curves), [curves]);
  const isWhole = curves.length === runs;
  return (
    <Panel
      title="Equity of all runs"
      aside={
        <span className={classes.aside}>
          <ModeBadge mode={mode} /> {!isWhole && `${formatCount(curves.length)} of ${formatCount(runs)} runs · `}
          <TimesIn />
        </span>
      }
    >
      <div className={classes.chart} data-testid={`equity-${mode}`}>
        {points.length < 2 ? (
          <p className={classes.nothing}>The curve begins with the second mark of equity.</p>
        ) : (
          <Suspense fallback={<Skeleton height="100%" aria-label="Loading the chart" />}>
            <EquitySumChart points={points} />
          </Suspense>
        )}
      </div>
    </Panel>
  );
}
