import { LineSeries, LineStyle, type IChartApi, type UTCTimestamp } from 'lightweight-charts';
import { useCallback } from 'react';
import { ChartCanvas, type Colour } from '../../components/chart-canvas';
import { chartTimes } from '../../lib/chart-times';
import { useTimeZone, type TimeZone } from '../../lib/time-zone';
import classes from './compare-page.module.css';
import { evenMoments, valueAt, type Alignment, type Curve } from './comparison-curves';
import { elapsedText, seriesColour, seriesIsDashed } from './compared-look';

interface CompareChartProps {
  curves: Curve[];
  /** The place of each curve's run among all that are compared: it decides the colour. */
  places: number[];
  alignment: Alignment;
  onHover: (time: number | null) => void;
}

/** One line for each run, one cursor over all of them. Keep `curves` and `places` the same while nothing changes. */
export function CompareChart({ curves, places, alignment, onHover }: CompareChartProps) {
  const zone = useTimeZone();
  const draw = useCallback(
    (chart: IChartApi, colour: Colour) => {
      chart.applyOptions(axisOptions(alignment, zone));
      const moments = evenMoments(curves, mostMoments);
      for (const [at, curve] of curves.entries()) {
        const place = places[at] ?? 0;
        const line = chart.addSeries(LineSeries, {
          color: colour(seriesColour(place)),
          lineStyle: seriesIsDashed(place) ? LineStyle.Dashed : LineStyle.Solid,
          lineWidth: 2,
          priceLineVisible: false,
          lastValueVisible: false,
          priceFormat: { type: 'custom', formatter: (value: number) => value.toFixed(1), minMove: 0.1 },
        });
        line.setData(
          moments.flatMap((time) => {
            const value = valueAt(curve, time);
            return value === null ? [] : [{ time: time as UTCTimestamp, value }];
          }),
        );
        if (at === 0)
          line.createPriceLine({ price: 100, color: colour('--w-dim'), lineWidth: 1, axisLabelVisible: false });
      }
      chart.subscribeCrosshairMove(({ time }) => {
        onHover(typeof time === 'number' ? time : null);
      });
      return moments.length;
    },
    [curves, places, alignment, zone, onHover],
  );
  return <ChartCanvas className={classes.canvas} draw={draw} />;
}

const mostMoments = 1_500;

function axisOptions(alignment: Alignment, zone: TimeZone) {
  if (alignment === 'date') return chartTimes(zone);
  const write = (time: unknown) => elapsedText(Number(time));
  return { localization: { timeFormatter: write }, timeScale: { tickMarkFormatter: write } };
}
