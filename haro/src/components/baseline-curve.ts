/** A curve on a chart whose part above its first value is a gain, and below it a loss. */
import { BaselineSeries, type IChartApi, type UTCTimestamp } from 'lightweight-charts';
import type { Colour } from './chart-canvas';

/** `points`: at least one, ascending seconds, each once. Returns how many there are. */
export function drawBaselineCurve(chart: IChartApi, colour: Colour, points: { time: number; value: number }[]): number {
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
}

const axisMoney = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
