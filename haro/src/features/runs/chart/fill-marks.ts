/** Fills as marks on bars: one for each where there is room, one for many where there is not. */
import type { Fill } from '../../../lib/api-types';
import { countUntil, placeOf, secondsOf } from './bars';

export interface FillPoint {
  time: number;
  side: 'buy' | 'sell';
  qty: string;
  price: string;
  /** Of the fill, in the journal. */
  position: number;
  orderId: string;
}

export interface FillMark {
  /** Open of the bar it stands at. */
  time: number;
  side: 'buy' | 'sell';
  count: number;
  /** The newest of its fills. */
  last: FillPoint;
}

/** Fills of one symbol, oldest first. */
export function fillPoints(fills: readonly Fill[], symbol: string): FillPoint[] {
  return fills
    .filter((fill) => fill.symbol === symbol)
    .map(({ filled_at, side, qty, price, position, order_id }) => ({
      time: secondsOf(filled_at),
      side,
      qty,
      price,
      position,
      orderId: order_id,
    }))
    .sort((a, b) => a.time - b.time || a.position - b.position);
}

/** A mark with its count needs so much room, in pixels. */
const markWidth = 28;
const leastPlaces = 8;

/** How many marks stand beside each other in a chart this wide without covering one another. */
export function placesIn(width: number): number {
  return Math.max(leastPlaces, Math.floor(width / markWidth));
}

/** How many neighbouring bars share a mark: a power of two, so that groups stay the same while the chart is moved. */
export function barsAMark(shown: number, mostPlaces: number): number {
  return shown <= mostPlaces ? 1 : 2 ** Math.ceil(Math.log2(shown / mostPlaces));
}

/**
 * The marks of the bars at places from..to, ascending; fills at neighbouring bars are counted together where the places are many.
 * `times`: opens of all bars, ascending. `points`: oldest first. `mostPlaces`: how many marks there is room for.
 */
export function marksIn(
  points: readonly FillPoint[],
  pointTimes: readonly number[],
  times: readonly number[],
  places: { from: number; to: number },
  mostPlaces: number,
): FillMark[] {
  if (times.length === 0) return [];
  const from = Math.max(0, Math.floor(places.from));
  const to = Math.min(times.length - 1, Math.ceil(places.to));
  const group = barsAMark(to - from + 1, mostPlaces);
  const first = Math.floor(from / group) * group;
  const begin = countUntil(pointTimes, (times[first] ?? 0) - 1);
  const end = countUntil(pointTimes, (times[Math.ceil((to + 1) / group) * group] ?? Infinity) - 1);
  const marks = new Map<string, FillMark>();
  for (let at = begin; at < end; at += 1) {
    const point = points[at];
    if (point === undefined) continue;
    const place = placeOf(times, point.time);
    const key = `${Math.floor(place / group)} ${point.side}`;
    const known = marks.get(key);
    if (known === undefined) marks.set(key, { time: times[place] ?? 0, side: point.side, count: 1, last: point });
    else marks.set(key, { ...known, count: known.count + 1, last: point });
  }
  return [...marks.values()].sort((a, b) => a.time - b.time);
}
