/** What a report is called, in its heading, its window and as the name of a printed file. */
import type { ReportedRun } from './report-data';

const manySymbols = 4;

export function reportTitle({ strategy_id, symbols, timeframe, mode }: ReportedRun): string {
  return `${strategy_id} on ${listed(symbols)}, ${timeframe} ${mode}`;
}

function listed(symbols: string[]): string {
  if (symbols.length <= manySymbols) return symbols.join(' ');
  const shown = manySymbols - 1;
  return `${symbols.slice(0, shown).join(' ')} and ${symbols.length - shown} more`;
}
