/** The figures of several runs side by side: the difference to the first run, and which is the best. */
import type { Figure, RunFigures } from '../../lib/api-types';
import { compareDecimals, layOutDecimal, parseDecimal, subtractDecimals } from '../../lib/decimal';
import { formatDuration } from '../../lib/duration-format';
import { formatSignedMoney, unknownMark } from '../../lib/number-format';
import { isFraction, statisticGroups, statisticLabel } from '../../lib/statistic-names';
import { writeFigure } from './statistic-rows';

export interface ComparedCell {
  text: string;
  /** To the first run; null in its own column, where one of the two is unknown, and for what has no distance. */
  difference: string | null;
  isBest: boolean;
  /** The basis, or why there is no value. */
  explanation: string;
}

export interface ComparedRow {
  name: string;
  label: string;
  cells: ComparedCell[];
}

type Value = Figure['value'];

const moreIsBetter = new Set([
  ...['total_return', 'total_pnl', 'cagr', 'alpha', 'best_day', 'worst_day', 'sharpe_ratio', 'sortino_ratio'],
  ...['calmar_ratio', 'win_rate', 'profit_factor', 'payoff_ratio', 'expectancy', 'sqn', 'average_trade'],
  ...[
    'value_at_risk_95',
    'conditional_value_at_risk_95',
    'average_win',
    'average_loss',
    'best_trade',
    'worst_trade',
    'longest_winning_streak',
    'average_mfe',
    'best_mfe',
  ],
]);
const lessIsBetter = new Set([
  ...['volatility', 'max_drawdown', 'max_drawdown_duration'],
  ...['longest_losing_streak', 'average_mae', 'worst_mae', 'ambiguous_share', 'fees_paid', 'slippage_paid'],
]);

/** 1 where more is better, -1 where less is, 0 where neither says anything of itself. */
function preference(name: string): number {
  if (moreIsBetter.has(name)) return 1;
  return lessIsBetter.has(name) || /^drawdown_\d+$/.test(name) ? -1 : 0;
}

/** Groups in the order of reading; a figure that no run has is left out. Undefined: that run has no figures. */
export function comparedFigures(figures: (RunFigures | undefined)[]): [title: string, rows: ComparedRow[]][] {
  const left = new Set(figures.flatMap((one) => Object.keys(one ?? {})));
  const take = (name: string): ComparedRow[] => {
    if (!left.delete(name)) return [];
    const found = figures.map((one) => one?.[name]);
    return found.some((figure) => isKnown(figure?.value)) ? [comparedRow(name, found)] : [];
  };
  const groups = statisticGroups.map(([title, names]): [string, ComparedRow[]] => [title, names.flatMap(take)]);
  const drawdowns = [...left].filter((name) => name.startsWith('drawdown_')).sort();
  const others = [...left].filter((name) => !drawdowns.includes(name));
  const all: [string, ComparedRow[]][] = [
    ...groups,
    ['Other', others.flatMap(take)],
    ['Deepest drawdowns', drawdowns.flatMap(take)],
  ];
  return all.filter(([, rows]) => rows.length > 0);
}

function comparedRow(name: string, figures: (Figure | undefined)[]): ComparedRow {
  const best = bestOf(
    name,
    figures.map((figure) => figure?.value ?? null),
  );
  const [first] = figures;
  const cells = figures.map((figure, at) => ({
    text: figure === undefined ? unknownMark : writeFigure(name, figure),
    difference: at === 0 ? null : differenceText(name, figure, first),
    isBest: best !== null && isKnown(figure?.value) && compareValues(figure.value, best) === 0,
    explanation: explanationOf(figure),
  }));
  return { name, label: statisticLabel(name), cells };
}

function explanationOf(figure: Figure | undefined): string {
  if (figure === undefined) return 'Figures are made when a run completes.';
  return (figure.value === null ? figure.reason : figure.basis) ?? '';
}

function isKnown(value: Value | undefined): value is string | number {
  return value !== null && value !== undefined;
}

/** Null where nothing is better than anything else: a single value, all alike, or no preference. */
function bestOf(name: string, values: Value[]): string | number | null {
  const wanted = preference(name);
  const known = values.filter(isKnown);
  if (wanted === 0 || known.length < 2) return null;
  const sorted = known.toSorted((a, b) => wanted * compareValues(b, a));
  const [best, worst] = [sorted[0], sorted.at(-1)];
  if (best === undefined || worst === undefined || compareValues(best, worst) === 0) return null;
  return best;
}

function compareValues(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  if (parseDecimal(left) !== null && parseDecimal(right) !== null) return compareDecimals(left, right);
  return left.localeCompare(right, 'en');
}

const secondsADay = 86_400;

/** "+12.50", "-1.20 pp", "+3 h"; "=" where both are the same. */
function differenceText(name: string, figure: Figure | undefined, first: Figure | undefined): string | null {
  const [value, base] = [figure?.value, first?.value];
  if (!isKnown(value) || !isKnown(base)) return null;
  if (compareValues(value, base) === 0) return '=';
  if (typeof value === 'string' || typeof base === 'string') {
    const difference = subtractDecimals(String(value), String(base));
    return difference === null ? null : formatSignedMoney(difference);
  }
  const difference = value - base;
  if (isFraction(name)) return `${layOutDecimal(String(difference), { places: 2, shift: 2, sign: 'always' })} pp`;
  const seconds = spanSeconds(figure?.basis);
  if (seconds !== null) return `${difference < 0 ? '-' : '+'}${formatDuration(Math.abs(difference) * seconds)}`;
  const places = Number.isInteger(value) && Number.isInteger(base) ? 0 : 2;
  return layOutDecimal(String(difference), { places, sign: 'always' });
}

/** What one of the value is in seconds, if it is a span of time: its basis says so. */
function spanSeconds(basis: string | null | undefined): number | null {
  if (basis?.startsWith('seconds ') === true) return 1;
  return basis?.startsWith('days ') === true ? secondsADay : null;
}
