/** Bars as the chart draws them. Floats here are for drawing only. */
import type { Candle, Envelope } from '../../../lib/api-types';

export interface Bar {
  /** Its open, in seconds since 1970 UTC. */
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** A stretch of time, in seconds since 1970 UTC. */
export interface Span {
  from: number;
  to: number;
}

export const secondsOf = (timestamp: string): number => Math.floor(Date.parse(timestamp) / 1_000);

const timeframeUnits: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** "15m" → 900 */
export function timeframeSeconds(timeframe: string): number {
  return Number.parseInt(timeframe, 10) * (timeframeUnits[timeframe.slice(-1)] ?? 60);
}

export function barOfCandle({ timestamp, open, high, low, close, volume }: Candle): Bar {
  return {
    time: secondsOf(timestamp),
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
    volume: Number(volume),
  };
}

/** The bars of a symbol that tape events brought, in the order of time, each once: the newest word on a bar counts. */
export function barsOfTape(events: Envelope[], symbol: string): Bar[] {
  const byTime = new Map<number, Bar>();
  for (const { payload } of events) {
    const { bars } = payload as { bars?: unknown };
    if (!Array.isArray(bars)) continue;
    for (const bar of bars as Record<string, unknown>[]) {
      if (bar.symbol !== symbol || typeof bar.opened_at !== 'string') continue;
      const time = secondsOf(bar.opened_at);
      byTime.set(time, {
        time,
        open: Number(bar.open),
        high: Number(bar.high),
        low: Number(bar.low),
        close: Number(bar.close),
        volume: Number(bar.volume ?? 0),
      });
    }
  }
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

/** How many of the ascending times are at or before the moment. */
export function countUntil(times: readonly number[], moment: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place of the last bar that opened at or before the moment, the first for a moment before all. */
export function placeOf(times: readonly number[], moment: number): number {
  return Math.max(0, countUntil(times, moment) - 1);
}

/** The moment at a place between bars: places are 0, 1, 2 …; beyond the ends it goes on at the pace of the ends. */
export function timeAtPlace(times: readonly number[], place: number): number {
  const last = times.length - 1;
  if (last < 0) return 0;
  const left = Math.min(Math.max(0, Math.floor(place)), Math.max(0, last - 1));
  const start = times[left] ?? 0;
  const step = (times[left + 1] ?? start + 1) - start;
  return start + (place - left) * step;
}

/** The other way round: where between the bars a moment lies. */
export function placeAtTime(times: readonly number[], moment: number): number {
  const last = times.length - 1;
  if (last < 0) return 0;
  const left = Math.min(placeOf(times, moment), Math.max(0, last - 1));
  const start = times[left] ?? 0;
  const step = (times[left + 1] ?? start + 1) - start;
  return left + (moment - start) / step;
}
