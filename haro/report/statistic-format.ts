/** Statistics as the report writes and groups them, by what their names say. */
import { formatPercent, unknownMark } from '../src/lib/number-format';
import { formatMinute } from '../src/lib/time-format';
import { layOutDecimal } from '../src/lib/decimal';
import { isFraction, rankedDrawdown, statisticGroups } from '../src/lib/statistic-names';
import { shortSpan } from './moment';
import { money } from './money';
import type { Statistic } from './report-data';

export { isFraction, statisticLabel } from '../src/lib/statistic-names';

const partOfDrawdown = /^drawdown_(\d+)_(\w+)$/;
const isoTime = /^\d{4}-\d{2}-\d{2}T/;
const decimal = /^[+-]?\d+(\.\d+)?$/;
const ratioDigits = 4;
const secondsADay = 86_400;

/** Text that is decimal is money, a fraction is per cent, a span is as long as its basis says, a ratio has four digits. */
export function writeStatistic({ name, value, basis }: Statistic, places: number): string {
  if (value === null) return unknownMark;
  if (typeof value === 'string') {
    if (isoTime.test(value)) return formatMinute(value);
    return decimal.test(value) ? money(value, places) : value;
  }
  if (isFraction(name)) return formatPercent(value);
  if (basis?.startsWith('seconds ') === true) return shortSpan(value);
  if (basis?.startsWith('days ') === true) return shortSpan(value * secondsADay);
  if (Number.isInteger(value)) return layOutDecimal(String(value), {});
  return value.toLocaleString('en-US', { maximumSignificantDigits: ratioDigits });
}

/** Every statistic once, in the order of reading; those of no group come last. Ranked drawdowns have their own table. */
export function grouped(statistics: Statistic[]): [title: string, rows: Statistic[]][] {
  const left = new Map(statistics.map((statistic) => [statistic.name, statistic]));
  for (const name of left.keys()) if (rankedDrawdown.test(name) || partOfDrawdown.test(name)) left.delete(name);
  const found = statisticGroups.map(([title, names]): [string, Statistic[]] => [
    title,
    names.flatMap((name) => take(left, name)),
  ]);
  return [...found, ['Other', [...left.values()]] as [string, Statistic[]]].filter(([, rows]) => rows.length > 0);
}

function take(left: Map<string, Statistic>, name: string): Statistic[] {
  const statistic = left.get(name);
  left.delete(name);
  return statistic === undefined ? [] : [statistic];
}

export interface DrawdownRow {
  rank: number;
  depth: Statistic;
  /** start, trough, recovery, duration: as far as the statistics give them. */
  parts: Map<string, Statistic>;
}

/** The deepest drawdowns, gathered from drawdown_1, drawdown_1_start and so on; undefined ones are left out. */
export function drawdownRows(statistics: Statistic[]): DrawdownRow[] {
  const rows = new Map<number, DrawdownRow>();
  for (const statistic of statistics) {
    const rank = rankedDrawdown.exec(statistic.name)?.[1];
    if (rank !== undefined && statistic.value !== null) {
      rows.set(Number(rank), { rank: Number(rank), depth: statistic, parts: new Map() });
    }
  }
  for (const statistic of statistics) {
    const [, rank, part] = partOfDrawdown.exec(statistic.name) ?? [];
    if (part !== undefined) rows.get(Number(rank))?.parts.set(part, statistic);
  }
  return [...rows.values()].sort((a, b) => a.rank - b.rank);
}
