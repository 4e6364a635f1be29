/** Fills as marks on bars: one for each where there is room, one for many where there is not. */
import type { Fill } from '../../../lib/api-types';
import { countUntil, secondsOf } from './bars';

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

/** Fills by the bars they stand at: made once, so that the marks of a part of the chart are found without a look at the rest. */
export interface PlacedFills {
  buy: PlacedSide;
  sell: PlacedSide;
}

interface PlacedSide {
  /** Oldest first. */
  points: FillPoint[];
  /** Of the bar each stands at, ascending; -1 before the first bar. */
  places: number[];
}

/** `points`: oldest first. `times`: opens of all bars, ascending. */
export function placedFills(points: readonly FillPoint[], times: readonly number[]): PlacedFills {
  const placed: PlacedFills = { buy: { points: [], places: [] }, sell: { points: [], places: [] } };
  let place = -1;
  for (const point of points) {
    while (place + 1 < times.length && (times[place + 1] ?? Infinity) <= point.time) place += 1;
    placed[point.side].points.push(point);
    placed[point.side].places.push(place);
  }
  return placed;
}

/** Which bars share marks while these places are shown: groups of so many, the first and the last of them that are seen. */
export interface MarkGroups {
  size: number;
  first: number;
  last: number;
}

/** `mostPlaces`: how many marks there is room for. */
export function groupsIn(places: { from: number; to: number }, bars: number, mostPlaces: number): MarkGroups {
  const from = Math.max(0, Math.floor(places.from));
  const to = Math.min(bars - 1, Math.ceil(places.to));
  const size = barsAMark(to - from + 1, mostPlaces);
  return { size, first: Math.floor(from / size), last: Math.floor(to / size) };
}

/** The marks of the groups, ascending. As much work as there are marks, however many fills they stand for. */
export function marksIn(placed: PlacedFills, times: readonly number[], groups: MarkGroups): FillMark[] {
  const marks = [...marksOf('buy', placed.buy, times, groups), ...marksOf('sell', placed.sell, times, groups)];
  return marks.sort((a, b) => a.time - b.time);
}

function marksOf(
  side: FillPoint['side'],
  { points, places }: PlacedSide,
  times: readonly number[],
  { size, first, last }: MarkGroups,
): FillMark[] {
  const marks: FillMark[] = [];
  const end = countUntil(places, (last + 1) * size - 1);
  let begin = countUntil(places, first * size - 1);
  while (begin < end) {
    const place = places[begin] ?? 0;
    const next = countUntil(places, (Math.floor(place / size) + 1) * size - 1);
    const newest = points[next - 1];
    if (newest === undefined) break;
    marks.push({ time: times[place] ?? 0, side, count: next - begin, last: newest });
    begin = next;
  }
  return marks;
}
