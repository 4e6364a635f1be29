/** Trades as marks on candles, and the place of a moment among them. */
import type { SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts';
import type { Candles, TradeRow } from './report-data';

const textedTrades = 12;
const smallSize = 0.4;

/** The last candle that began at or before the moment; the first one for a moment before all. */
export function placeOf(times: number[], moment: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) <= moment) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** An arrow where a trade began and one where it ended, up for a buy; ascending in time, as the chart wants them. */
export function tradeMarkers(
  { times, marked }: Pick<Candles, 'times' | 'marked'>,
  wanted: TradeRow | null,
  look: { entry: string; exit: string; isSmall: boolean },
): SeriesMarker<Time>[] {
  const trades =
    wanted === null || marked.some(({ number }) => number === wanted.number) ? marked : [...marked, wanted];
  const texted = trades.length <= textedTrades;
  const size = look.isSmall ? smallSize : 1;
  return trades
    .flatMap((trade) => {
      const isLong = trade.side === 'long';
      const text = texted || trade.number === wanted?.number ? { text: `#${trade.number}` } : {};
      const entry: SeriesMarker<Time> = {
        time: times[placeOf(times, trade.opened_at)] as UTCTimestamp,
        position: isLong ? 'belowBar' : 'aboveBar',
        shape: isLong ? 'arrowUp' : 'arrowDown',
        color: look.entry,
        size,
        ...text,
      };
      const exit: SeriesMarker<Time> = {
        time: times[placeOf(times, trade.closed_at)] as UTCTimestamp,
        position: isLong ? 'aboveBar' : 'belowBar',
        shape: isLong ? 'arrowDown' : 'arrowUp',
        color: look.exit,
        size,
        ...text,
      };
      return [entry, exit];
    })
    .sort((a, b) => Number(a.time) - Number(b.time));
}

const mostLargeTrades = 40;

/** Whether so many marked trades lie in the part of the chart that is shown that large marks would cover the candles. */
export function crowded(
  { times, marked }: Pick<Candles, 'times' | 'marked'>,
  range: { from: number; to: number } | null,
): boolean {
  if (range === null) return false;
  const [first, last] = [
    times[Math.max(0, Math.ceil(range.from))] ?? Infinity,
    times[Math.floor(range.to)] ?? Infinity,
  ];
  return marked.filter(({ opened_at, closed_at }) => closed_at >= first && opened_at <= last).length > mostLargeTrades;
}

const looked = 500;
const mostPlaces = 8;

/** How many decimal places the prices use, at most eight. */
export function pricePlaces(prices: number[]): number {
  const step = Math.max(1, Math.floor(prices.length / looked));
  let places = 2;
  for (let at = 0; at < prices.length; at += step) {
    const text = (prices[at] ?? 0).toFixed(mostPlaces).replace(/0+$/, '');
    places = Math.max(places, text.length - text.indexOf('.') - 1);
  }
  return Math.min(places, mostPlaces);
}
