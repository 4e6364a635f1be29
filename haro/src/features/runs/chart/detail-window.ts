/**
 * Which stretch of a long history to ask for in detail, and how it is laid over the coarse bars of the whole.
 *
 * The whole range is there once, as few long bars. For what is on screen a window several times as wide is asked for with
 * a fixed number of points: zoomed out they are longer bars, zoomed in the exact ones. Windows lie on a grid, so that
 * panning back and forth asks for the same ones again and finds them in the cache.
 */
import { countUntil, placeOf, type Bar, type Span } from './bars';

/** The whole range. */
export const coarsePoints = 1_500;
/** A window: at least a sixth of it is on screen. */
export const detailPoints = 4_000;

const width = ({ from, to }: Span): number => to - from;

/** The window for what is visible: two to six times as wide, on the grid of its size, cut to the extent. */
export function windowFor(visible: Span, extent: Span): Span {
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, width(visible))));
  const step = size / 2;
  const from = Math.floor((visible.from - step) / step) * step;
  const to = Math.ceil((visible.to + step) / step) * step;
  return { from: Math.max(extent.from, from), to: Math.min(extent.to, to) };
}

/** Whether the window still serves: it covers what is visible of the extent, and in neither too much nor too little detail. */
export function serves(window: Span, visible: Span, extent: Span, isExact: boolean): boolean {
  const [from, to] = [Math.max(visible.from, extent.from), Math.min(visible.to, extent.to)];
  if (from < window.from || to > window.to) return false;
  const ratio = width(window) / Math.max(1, to - from);
  return isExact || ratio <= 8;
}

/** Moves the ends of a window outwards to where coarse bars begin, so that none of them is cut. */
export function alignedTo(coarse: readonly Bar[], window: Span): Span {
  const times = coarse.map(({ time }) => time);
  const first = times[placeOf(times, window.from)] ?? window.from;
  const next = times[countUntil(times, window.to - 1)];
  return { from: Math.min(first, window.from), to: next ?? window.to };
}

/** Detailed bars where the window is, coarse ones around it: ascending, none twice. */
export function layOver(coarse: readonly Bar[], detail: readonly Bar[], window: Span): Bar[] {
  if (detail.length === 0) return [...coarse];
  const before = coarse.filter(({ time }) => time < window.from);
  const after = coarse.filter(({ time }) => time >= window.to);
  return [...before, ...detail.filter(({ time }) => time >= window.from && time < window.to), ...after];
}
