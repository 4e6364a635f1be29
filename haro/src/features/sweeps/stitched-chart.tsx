import { BaselineSeries, type IChartApi, type UTCTimestamp } from 'lightweight-charts';
import { useCallback } from 'react';
import { ChartCanvas, type Colour } from '../../components/chart-canvas';
import type { SweepInFull } from '../../lib/api-types';
import { formatMoney } from '../../lib/number-format';
import classes from './sweeps.module.css';

type Curve = NonNullable<SweepInFull['stitched']>;

/** `curve`: begins with the initial cash; above it is a gain, below it a loss. */
export function StitchedChart({ curve }: { curve: Curve }) {
  const draw = useCallback(
    (chart: IChartApi, colour: Colour) => {
      const [up, down] = [colour('--w-up'), colour('--w-down')];
      const line = chart.addSeries(BaselineSeries, {
        baseValue: { type: 'price', price: curve.equity[0] ?? 0 },
        lineWidth: 2,
        priceLineVisible: false,
        priceFormat: { type: 'custom', formatter: axisMoney },
        topLineColor: up,
        topFillColor1: `${up}40`,
        topFillColor2: `${up}08`,
        bottomLineColor: down,
        bottomFillColor1: `${down}08`,
        bottomFillColor2: `${down}40`,
      });
      const points = curvePoints(curve);
      line.setData(points);
      return points.length;
    },
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
function curvePoints({ times, equity }: Curve): { time: UTCTimestamp; value: number }[] {
  const points = new Map(times.map((time, at) => [Math.floor(Date.parse(time) / 1_000), equity[at] ?? 0]));
  return [...points].map(([time, value]) => ({ time: time as UTCTimestamp, value }));
}

const axisMoney = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
