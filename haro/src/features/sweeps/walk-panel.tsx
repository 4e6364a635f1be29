import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { TimesIn } from '../../components/zoned-time';
import type { SweepInFull } from '../../lib/api-types';
import { useSurface } from './api/get-surface';
import { useTradedParts } from './api/get-trials';
import { figureLabel, figureText } from './figure-text';
import { walkLines } from './walk-lines';
import { WalkTable } from './walk-table';
import classes from './sweeps.module.css';

const StitchedChart = lazy(async () => ({ default: (await import('./stitched-chart')).StitchedChart }));

/** What counts of a walk: its out-of-sample parts put together, and a line for each. */
export function WalkPanel({ sweep }: { sweep: SweepInFull }) {
  const parts = useTradedParts(sweep.id);
  const searched = useSurface(sweep.id, null);
  const failed = [parts, searched].find(({ isError, data }) => isError && data === undefined);
  return (
    <Panel title="Walking forward, out of sample" aside={<TimesIn />}>
      {sweep.stitched !== null && (
        <Suspense fallback={<Skeleton height={220} aria-label="Loading the equity curve" />}>
          <StitchedChart curve={sweep.stitched} />
        </Suspense>
      )}
      {sweep.walk !== null && (
        <ul className={classes.walkFigures} data-testid="walk-figures">
          {Object.entries(sweep.walk).map(([name, figure]) => (
            <li key={name} title={figure.basis ?? figure.reason ?? undefined}>
              <span className={classes.dim}>{figureLabel(name)}</span> <strong>{figureText(name, figure.value)}</strong>
            </li>
          ))}
        </ul>
      )}
      {sweep.windows.length === 0 && <p className={classes.dim}>The windows are known once the bars were read.</p>}
      {failed && <ErrorNotice title="The windows could not be loaded" error={failed.error} />}
      {sweep.windows.length > 0 && failed === undefined && (
        <WalkTable sweep={sweep} lines={walkLines(sweep, parts.data ?? [], searched.data?.items ?? [])} />
      )}
    </Panel>
  );
}
