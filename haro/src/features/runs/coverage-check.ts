/** Whether the store has the bars a run will want: pure. */
import type { SymbolCoverage } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { formatMinute, fromFieldMinute } from '../../lib/time-format';
import { zoneName, type TimeZone } from '../../lib/time-zone';
import type { RunDraft } from './run-draft';

export interface CoverageFinding {
  symbol: string;
  severity: 'fine' | 'short' | 'missing';
  text: string;
  /** What gets the bars that are missing. */
  command?: string;
}

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export function barSeconds(timeframe: string): number {
  return Number.parseInt(timeframe, 10) * (secondsOf[timeframe.slice(-1)] ?? Number.NaN);
}

/** `zone`: the one the texts tell times in. */
export function checkCoverage(draft: RunDraft, coverage: SymbolCoverage[], zone: TimeZone = 'utc'): CoverageFinding[] {
  // A feed of its own brings the bars of an exchange; the simulated one plays those of the store.
  if (draft.mode !== 'backtest' && draft.exchange !== '' && draft.exchange !== 'simulated') return [];
  return draft.symbols.map((symbol) => finding(draft, symbol, coverage, zone));
}

function finding(draft: RunDraft, symbol: string, coverage: SymbolCoverage[], zone: TimeZone): CoverageFinding {
  const { timeframe } = draft;
  const ofSymbol = coverage.filter((market) => market.symbol === symbol);
  const market = ofSymbol.find((one) => one.timeframe === timeframe);
  const command = `weaver data import bars.csv --symbol ${symbol} --timeframe ${timeframe}`;
  if (market === undefined) {
    const finer = ofSymbol.map((one) => one.timeframe).join(', ');
    const others = finer === '' ? '' : ` There are some of ${finer}.`;
    if (draft.mode !== 'backtest' && finer !== '')
      return { symbol, severity: 'short', text: `No stored bars of ${timeframe}.${others}` };
    return { symbol, severity: 'missing', text: `No bars of ${timeframe} are stored.${others}`, command };
  }
  const at = (moment: string) => formatMinute(moment, zone);
  const has = `${formatCount(market.bars)} bars, ${at(market.start_time)} to ${at(market.end_time)} ${zoneName(zone)}`;
  if (draft.mode === 'backtest') return rangeFinding(draft, market, has, { command, at });
  if (market.bars < Number(draft.warmupBars))
    return { symbol, severity: 'short', text: `${has}: fewer than the warm-up wants.`, command };
  return { symbol, severity: 'fine', text: has };
}

interface Told {
  command: string;
  at: (moment: string) => string;
}

function rangeFinding(draft: RunDraft, market: SymbolCoverage, has: string, { command, at }: Told): CoverageFinding {
  const { symbol } = market;
  const [start, end] = [fromFieldMinute(draft.start), fromFieldMinute(draft.end)];
  if (start === null || end === null) return { symbol, severity: 'fine', text: has };
  const from = Math.max(Date.parse(start), Date.parse(market.start_time));
  const to = Math.min(Date.parse(end), Date.parse(market.end_time));
  if (from >= to) return { symbol, severity: 'missing', text: `No bars in this range. Stored: ${has}.`, command };
  const slack = barSeconds(market.timeframe) * 1_000;
  const missing = [
    from - Date.parse(start) > slack ? `before ${at(market.start_time)}` : '',
    Date.parse(end) - to > slack ? `after ${at(market.end_time)}` : '',
  ].filter(Boolean);
  if (missing.length === 0) return { symbol, severity: 'fine', text: has };
  return { symbol, severity: 'short', text: `No bars ${missing.join(' or ')}. Stored: ${has}.`, command };
}
