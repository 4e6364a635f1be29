import { BaselineSeries, type IChartApi, type UTCTimestamp } from 'lightweight-charts';
import { useCallback } from 'react';
import { ChartCanvas, type Colour } from '../../components/chart-canvas';
import { formatMoney } from '../../lib/number-format';
import type { SumPoint } from './equity-sum';
import classes from './overview-page.module.css';

/** `points`: at least two. Above the first of them is a gain, below it a loss. */
export function EquitySumChart({ points }: { points: SumPoint[] }) {
  const draw = useCallback(
    (chart: IChartApi, colour: Colour) => {
      const [up, down] = [colour('--w-up'), colour('--w-down')];
      const line = chart.addSeries(BaselineSeries, {
        baseValue: { type: 'price', price: points[0]?.value ?? 0 },
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
      line.setData(points.map(({ time, value }) => ({ time: time as UTCTimestamp, value })));
      return points.length;
    },
    [points],
  );
  const [first, last] = [points[0], points.at(-1)];
  return (
    <figure
      className={classes.figure}
      aria-label={`Equity from ${formatMoney(first?.value)} to ${formatMoney(last?.value)}`}
    >
      <ChartCanvas className={classes.canvas} draw={draw} />
    </figure>
  );
}

const axisMoney = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
