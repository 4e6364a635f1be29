import type { IChartApi } from 'lightweight-charts';
import { useCallback } from 'react';
import { drawBaselineCurve } from '../../components/baseline-curve';
import { ChartCanvas, type Colour } from '../../components/chart-canvas';
import { formatMoney } from '../../lib/number-format';
import type { SumPoint } from './equity-sum';
import classes from './overview-page.module.css';

/** `points`: at least two. Above the first of them is a gain, below it a loss. */
export function EquitySumChart({ points }: { points: SumPoint[] }) {
  const draw = useCallback((chart: IChartApi, colour: Colour) => drawBaselineCurve(chart, colour, points), [points]);
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
