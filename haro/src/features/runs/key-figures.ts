/** The figures at the top of a run's page: which, from where, how they are written, and what they mean. */
import type { Account, Decimal, EquityPoint, Figure, Run, RunFigures } from '../../lib/api-types';
import { subtractDecimals } from '../../lib/decimal';
import {
  formatCount,
  formatMoney,
  formatPercent,
  formatRatio,
  formatSignedMoney,
  formatSignedPercent,
} from '../../lib/number-format';
import { isOver } from './run-actions';

export interface KeyFigure {
  id: string;
  label: string;
  text: string;
  /** Gains and losses are coloured by direction, others are not. */
  signed: boolean;
  explanation: string | undefined;
}

/** What there is of a run without statistics. */
export interface KnownSoFar {
  /** Oldest first. */
  points: readonly EquityPoint[];
  account: Account | null;
}

type Value = Decimal | number | null | undefined;

interface FigureSpec {
  id: string;
  label: (run: Run) => string;
  /** Names the figure may have in the statistics, the first found counts. */
  names: string[];
  write: (value: Value) => string;
  signed?: boolean;
  /** What it means, for as long as the statistics do not say it themselves. */
  definition: string;
  /** What the run itself or its equity says, for while the full statistics are not there. */
  fallback?: (run: Run, known: KnownSoFar) => Value;
}

const specs: FigureSpec[] = [
  {
    id: 'final-equity',
    label: (run) => (isOver(run) ? 'Final equity' : 'Equity'),
    names: ['final_equity'],
    write: formatMoney,
    definition: 'Cash and open positions at the newest closes, quote currency.',
    fallback: (_, { points }) => points.at(-1)?.equity,
  },
  {
    id: 'total-pnl',
    label: () => 'Total PnL',
    names: ['total_pnl'],
    write: formatSignedMoney,
    signed: true,
    definition: 'Equity less initial cash, after fees, open positions at the newest closes.',
    fallback: (run, { points }) => run.stats?.total_pnl ?? gained(run, points.at(-1)),
  },
  {
    id: 'total-return',
    label: () => 'Return',
    names: ['total_return'],
    write: formatSignedPercent,
    signed: true,
    definition: 'Total PnL over initial cash.',
    fallback: (run, { points }) => returned(run, points.at(-1)),
  },
  {
    id: 'max-drawdown',
    label: () => 'Max drawdown',
    names: ['max_drawdown'],
    write: formatPercent,
    definition: 'The deepest fall from a peak of equity, as a fraction of that peak.',
    fallback: (run, { points }) => run.stats?.max_drawdown ?? deepest(points),
  },
  {
    id: 'sharpe',
    label: () => 'Sharpe',
    names: ['sharpe_ratio', 'sharpe'],
    write: formatRatio,
    definition: 'Mean over standard deviation of daily returns, a year.',
    fallback: (run) => run.stats?.sharpe_ratio,
  },
  {
    id: 'sortino',
    label: () => 'Sortino',
    names: ['sortino_ratio'],
    write: formatRatio,
    definition: 'Mean over downside deviation of daily returns, a year.',
  },
  {
    id: 'trades',
    label: () => 'Trades',
    names: ['total_trades', 'trades'],
    write: formatCount,
    definition: 'Positions from flat to flat.',
    fallback: (run, { account }) => run.stats?.total_trades ?? account?.trades,
  },
  {
    id: 'win-rate',
    label: () => 'Win rate',
    names: ['win_rate'],
    write: formatPercent,
    definition: 'Winning trades over all trades, after fees.',
    fallback: ({ stats }) => winRate(stats?.winning_trades, stats?.total_trades),
  },
  {
    id: 'profit-factor',
    label: () => 'Profit factor',
    names: ['profit_factor'],
    write: formatRatio,
    definition: 'Gains of winning over losses of losing trades.',
  },
  {
    id: 'average-trade',
    label: () => 'Average trade',
    names: ['average_trade'],
    write: formatSignedMoney,
    signed: true,
    definition: 'Mean PnL of a trade after fees, quote currency.',
  },
  {
    id: 'exposure',
    label: () => 'Exposure',
    names: ['exposure'],
    write: formatPercent,
    definition: 'Bars with a position over all bars.',
  },
  {
    id: 'fees',
    label: () => 'Fees',
    names: ['fees_paid'],
    write: formatMoney,
    definition: 'Sum of the fees of all fills, quote currency.',
    fallback: (_, { account }) => account?.fees,
  },
];

export function keyFigures(run: Run, figures: RunFigures | undefined, known: KnownSoFar): KeyFigure[] {
  return specs.map(({ id, label, names, write, signed = false, definition, fallback }) => {
    const figure = names.map((name) => figures?.[name]).find((found) => found !== undefined);
    // A figure that is null on purpose stays unknown: its reason would contradict any number shown instead.
    const value = figure === undefined ? fallback?.(run, known) : figure.value;
    return { id, label: label(run), text: write(value), signed, explanation: explain(figure) ?? definition };
  });
}

function explain(figure: Figure | undefined): string | undefined {
  if (figure === undefined) return undefined;
  return (figure.value === null ? figure.reason : figure.basis) ?? undefined;
}

const gained = (run: Run, point: EquityPoint | undefined): Value =>
  point && subtractDecimals(point.equity, run.initial_cash);

const returned = (run: Run, point: EquityPoint | undefined): Value =>
  point && Number(point.equity) / Number(run.initial_cash) - 1;

/** No peak and no trough is missing among the points, however few are shown of many. */
const deepest = (points: readonly EquityPoint[]): Value =>
  points.length === 0 ? null : points.reduce((most, { drawdown }) => Math.max(most, drawdown), 0);

function winRate(won: number | null | undefined, all: number | null | undefined): number | null {
  return won === null || won === undefined || !all ? null : won / all;
}
