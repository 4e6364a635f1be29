import { CandlestickSeries, HistogramSeries, type IChartApi, type UTCTimestamp } from 'lightweight-charts';
import { useCallback, useMemo, useState } from 'react';
import { ChartCanvas, type Colour } from '../../components/chart-canvas';
import type { Candle } from '../../lib/api-types';
import { formatPrice, formatQuantity } from '../../lib/number-format';
import { formatMinute, formatSecond } from '../../lib/time-format';
import { useTimeZone, zoneName, type TimeZone } from '../../lib/time-zone';
import classes from './candle-preview.module.css';
import { candlePoints, closePlaces, type CandlePoint } from './candle-points';

interface CandleChartProps {
  /** At least one. */
  candles: Candle[];
  isSubMinute: boolean;
}

export function CandleChart({ candles, isSubMinute }: CandleChartProps) {
  const [hovered, setHovered] = useState<number | null>(null);
  const zone = useTimeZone();
  const points = useMemo(() => candlePoints(candles), [candles]);
  const places = closePlaces(candles);
  const draw = useCallback(
    (chart: IChartApi, colour: Colour) => {
      chart.applyOptions({ timeScale: { secondsVisible: isSubMinute } });
      drawCandles(chart, points, places, colour);
      chart.subscribeCrosshairMove(({ logical }) => {
        setHovered(logical ?? null);
      });
      return points.length;
    },
    [points, places, isSubMinute],
  );
  const bar = (points[hovered ?? -1] ?? points.at(-1))?.source;
  const time = isSubMinute ? formatSecond : formatMinute;
  return (
    <figure className={classes.figure} aria-label={summary(points, zone)}>
      <figcaption className={classes.legend}>
        <span>{time(bar?.timestamp, zone)}</span>
        {(['open', 'high', 'low', 'close'] as const).map((name) => (
          <span key={name}>
            {name} <strong>{formatPrice(bar?.[name])}</strong>
          </span>
        ))}
        <span>
          volume <strong>{formatQuantity(bar?.volume)}</strong>
        </span>
      </figcaption>
      <ChartCanvas className={classes.canvas} draw={draw} />
    </figure>
  );
}

function drawCandles(chart: IChartApi, points: CandlePoint[], places: number, colour: Colour): void {
  const [up, down] = [colour('--w-up'), colour('--w-down')];
  const shared = { priceLineVisible: false, lastValueVisible: false } as const;
  const volume = chart.addSeries(HistogramSeries, { ...shared, priceScaleId: 'volume' });
  volume.setData(
    points.map(({ time, volume: value, open, close }) => ({
      time: time as UTCTimestamp,
      value,
      color: `${close >= open ? up : down}55`,
    })),
  );
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  const candles = chart.addSeries(CandlestickSeries, {
    ...shared,
    upColor: up,
    borderUpColor: up,
    wickUpColor: up,
    downColor: down,
    borderDownColor: down,
    wickDownColor: down,
    priceFormat: { type: 'custom', formatter: axisPrice(places), minMove: 10 ** -places },
  });
  candles.setData(
    points.map(({ time, open, high, low, close }) => ({ time: time as UTCTimestamp, open, high, low, close })),
  );
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.22 } });
}

function axisPrice(places: number): (price: number) => string {
  const digits = { minimumFractionDigits: places, maximumFractionDigits: places };
  return (price) => price.toLocaleString('en-US', digits);
}

function summary(points: CandlePoint[], zone: TimeZone): string {
  const [first, last] = [points[0]?.source, points.at(-1)?.source];
  return `Candles from ${formatMinute(first?.timestamp, zone)} to ${formatMinute(last?.timestamp, zone)} ${zoneName(zone)}, the last close ${formatPrice(last?.close)}`;
}
