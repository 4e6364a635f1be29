/** Every statistic of a run as the page writes it, grouped, with what it is based on or why there is none. */
import type { Figure, RunFigures } from '../../lib/api-types';
import { formatDuration } from '../../lib/duration-format';
import { formatCount, formatMoney, formatPercent, unknownMark } from '../../lib/number-format';
import { isFraction, statisticGroups, statisticLabel } from '../../lib/statistic-names';
import { formatMinute } from '../../lib/time-format';

export interface StatisticRow {
  name: string;
  label: string;
  text: string;
  /** The basis, or the reason of there being no value. */
  explanation: string;
  known: boolean;
}

const isoTime = /^\d{4}-\d{2}-\d{2}T/;
const decimal = /^[+-]?\d+(\.\d+)?$/;
const secondsADay = 86_400;

/** Text that is decimal is money, a fraction is per cent, a span is as long as its basis says, a ratio has four digits. */
export function writeFigure(name: string, { value, basis }: Figure): string {
  if (value === null) return unknownMark;
  if (typeof value === 'string') {
    if (isoTime.test(value)) return formatMinute(value);
    return decimal.test(value) ? formatMoney(value) : value;
  }
  if (isFraction(name)) return formatPercent(value);
  if (basis?.startsWith('seconds ') === true) return formatDuration(value);
  if (basis?.startsWith('days ') === true) return formatDuration(value * secondsADay);
  if (Number.isInteger(value)) return formatCount(value);
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

export function statisticRows(figures: RunFigures): [title: string, rows: StatisticRow[]][] {
  const left = new Map(Object.entries(figures).filter((entry): entry is [string, Figure] => entry[1] !== undefined));
  const take = (name: string): StatisticRow[] => {
    const figure = left.get(name);
    left.delete(name);
    return figure === undefined ? [] : [row(name, figure)];
  };
  const groups = statisticGroups.map(([title, names]): [string, StatisticRow[]] => [title, names.flatMap(take)]);
  const drawdowns = [...left.keys()]
    .filter((name) => name.startsWith('drawdown_'))
    .sort()
    .flatMap(take);
  const others = [...left.keys()].flatMap(take);
  const all: [string, StatisticRow[]][] = [...groups, ['Deepest drawdowns', drawdowns], ['Other', others]];
  return all.filter(([, rows]) => rows.length > 0);
}

function row(name: string, figure: Figure): StatisticRow {
  const known = figure.value !== null;
  return {
    name,
    label: statisticLabel(name),
    text: writeFigure(name, figure),
    explanation: (known ? figure.basis : figure.reason) ?? '',
    known,
  };
}
