import type { IChartApi } from 'lightweight-charts';
import { useCallback } from 'react';
import { drawBaselineCurve } from '../../components/baseline-curve';
import { ChartCanvas, type Colour } from '../../components/chart-canvas';
import type { SweepInFull } from '../../lib/api-types';
import { formatMoney } from '../../lib/number-format';
import classes from './sweeps.module.css';

type Curve = NonNullable<SweepInFull['stitched']>;

/** `curve`: begins with the initial cash; above it is a gain, below it a loss. */
export function StitchedChart({ curve }: { curve: Curve }) {
  const draw = useCallback(
    (chart: IChartApi, colour: Colour) => drawBaselineCurve(chart, colour, curvePoints(curve)),
    [curve],
  );
  const [first, last] = [curve.equity[0], curve.equity.at(-1)];
  return (
    <figure
      className={classes.figure}
      data-testid="stitched-chart"
      aria-label={`Out-of-sample equity from ${formatMoney(first)} to ${formatMoney(last)}`}
    >
      <ChartCanvas className={classes.canvas} draw={draw} />
    </figure>
  );
}

/** The chart takes each second once: the last value of one that comes twice counts. */
function curvePoints({ times, equity }: Curve): { time: number; value: number }[] {
  const points = new Map(times.map((time, at) => [Math.floor(Date.parse(time) / 1_000), equity[at] ?? 0]));
  return [...points].map(([time, value]) => ({ time, value }));
}
