/** What the store holds as the data page shows it: how much of its time a series covers, and where it lies on one axis. */
import type { SymbolCoverage } from '../../lib/api-types';
import { hasWords } from '../../lib/search-text';
import { timeframeSeconds } from '../../lib/timeframe';

export interface Series extends SymbolCoverage {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  /** 0..1 of the time between the first and the last bar; null where the market closes, as its hours are not known here. */
  share: number | null;
  missingBars: number | null;
}

export interface TimeAxis {
  from: number;
  to: number;
}

/** By symbol, and of one symbol the shortest bars first. */
export function seriesOf(stored: SymbolCoverage[]): Series[] {
  return stored
    .map((one) => measured(one))
    .sort((a, b) => a.symbol.localeCompare(b.symbol, 'en') || barLength(a) - barLength(b));
}

const barLength = ({ timeframe }: SymbolCoverage): number => timeframeSeconds(timeframe) ?? 0;

/** Pairs such as BTC/USD are traded around the clock, anything else has sessions: the rule of the server. */
export const neverCloses = (symbol: string): boolean => symbol.includes('/');

function measured(one: SymbolCoverage): Series {
  const [from, to] = [Date.parse(one.start_time), Date.parse(one.end_time)];
  const possible = Math.round((to - from) / 1_000 / barLength(one));
  const isKnown = neverCloses(one.symbol) && Number.isFinite(possible) && possible > 0;
  if (!isKnown) return { ...one, from, to, share: null, missingBars: null };
  return { ...one, from, to, share: Math.min(1, one.bars / possible), missingBars: Math.max(0, possible - one.bars) };
}

/** Those with every word of the text in their symbol, timeframe or source. */
export function matchingSeries(series: Series[], text: string): Series[] {
  return series.filter(({ symbol, timeframe, source }) => hasWords(`${symbol} ${timeframe} ${source}`, text));
}

export function commonAxis(series: Series[]): TimeAxis | null {
  if (series.length === 0) return null;
  return series.reduce<TimeAxis>(
    (axis, { from, to }) => ({ from: Math.min(axis.from, from), to: Math.max(axis.to, to) }),
    { from: Infinity, to: -Infinity },
  );
}

const leastWidth = 0.01;

/** Where on the axis a series begins and how much of it it takes, both 0..1; never too narrow to be seen. */
export function placeOn(axis: TimeAxis, { from, to }: Series): { left: number; width: number } {
  const span = axis.to - axis.from;
  if (!(span > 0)) return { left: 0, width: 1 };
  const width = Math.max(leastWidth, (to - from) / span);
  return { left: Math.min((from - axis.from) / span, 1 - width), width };
}

/** Rounded down: "100%" is said only where no bar is missing. */
export function shareText(share: number): string {
  if (share >= 1) return '100%';
  const hundredths = Math.floor(share * 10_000) / 100;
  return hundredths === 0 ? '< 0.01%' : `${hundredths.toFixed(2)}%`;
}
