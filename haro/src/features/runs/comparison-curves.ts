/** Equity curves brought onto one scale and one time axis. Floats here are for drawing only. */
import type { EquityPoint, Run } from '../../lib/api-types';
import { toChartPoints } from './equity-series';

export interface Curve {
  runId: string;
  /** Ascending: seconds since 1970, or since the run's first point. */
  times: number[];
  /** 100 is the initial cash. */
  values: number[];
}

/** By the market's dates, or each from its own first point on. */
export type Alignment = 'date' | 'start';
export const alignments = ['date', 'start'] as const;

/** Null where there is nothing to draw. */
export function normalisedCurve(run: Pick<Run, 'id' | 'initial_cash'>, points: EquityPoint[]): Curve | null {
  const drawn = toChartPoints(points);
  const base = Number(run.initial_cash);
  if (drawn.length === 0 || !(base > 0)) return null;
  return {
    runId: run.id,
    times: drawn.map(({ time }) => time),
    values: drawn.map(({ value }) => (value / base) * 100),
  };
}

/** By date while there is a time that all of them saw; curves of different times are laid over each other from their start. */
export function naturalAlignment(curves: Curve[]): Alignment {
  const latestStart = Math.max(...curves.map(({ times }) => times[0] ?? 0));
  const earliestEnd = Math.min(...curves.map(({ times }) => times.at(-1) ?? 0));
  return latestStart < earliestEnd || curves.length < 2 ? 'date' : 'start';
}

export function aligned(curves: Curve[], alignment: Alignment): Curve[] {
  if (alignment === 'date') return curves;
  return curves.map((curve) => ({ ...curve, times: curve.times.map((time) => time - (curve.times[0] ?? 0)) }));
}

/** Even steps from the first moment to the last, at most that many: on them the chart's axis is as even as time itself. */
export function evenMoments(curves: Curve[], atMost: number): number[] {
  const first = Math.min(...curves.map(({ times }) => times[0] ?? Infinity));
  const last = Math.max(...curves.map(({ times }) => times.at(-1) ?? -Infinity));
  if (!(last >= first)) return [];
  const step = Math.max(1, Math.ceil((last - first) / (atMost - 1)));
  const moments = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => first + at * step);
  return moments.at(-1) === last ? moments : [...moments, last];
}

/** The newest value at that moment; null before the curve's first point and after its last. */
export function valueAt({ times, values }: Curve, time: number): number | null {
  if (time < (times[0] ?? Infinity) || time > (times.at(-1) ?? -Infinity)) return null;
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((times[middle] ?? Infinity) <= time) low = middle;
    else high = middle - 1;
  }
  return values[low] ?? null;
}
