/** Candles as the chart wants them: ascending seconds, each once. Floats here are for drawing only. */
import type { Candle } from '../../lib/api-types';

export interface CandlePoint {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** The exact figures, for reading. */
  source: Candle;
}

export function candlePoints(candles: Candle[]): CandlePoint[] {
  const points = candles
    .map((source) => ({
      time: Math.floor(Date.parse(source.timestamp) / 1_000),
      open: Number(source.open),
      high: Number(source.high),
      low: Number(source.low),
      close: Number(source.close),
      volume: Number(source.volume),
      source,
    }))
    .filter((point) => [point.time, point.open, point.high, point.low, point.close].every(Number.isFinite))
    .sort((a, b) => a.time - b.time);
  return points.filter(({ time }, at) => time !== points[at + 1]?.time);
}

const mostPlaces = 8;

/** Decimal places that the closes need: what an axis and a crosshair are written with. */
export function closePlaces(candles: Candle[]): number {
  const places = candles.map(({ close }) => close.replace(/0+$/, '').split('.')[1]?.length ?? 0);
  return Math.min(
    mostPlaces,
    places.reduce((most, one) => Math.max(most, one), 2),
  );
}
