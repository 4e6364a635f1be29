/** The figures at the top of a run's page: which, from where, and how they are written. */
import type { Decimal, EquityPoint, Figure, Run, RunFigures } from '../../lib/api-types';
import { formatCount, formatMoney, formatPercent, formatRatio, formatSignedMoney } from '../../lib/number-format';

export interface KeyFigure {
  id: string;
  label: string;
  text: string;
  /** Gains and losses are coloured by direction, others are not. */
  signed: boolean;
  explanation: string | undefined;
}

const isOver = ({ status }: Run): boolean => !['pending', 'running', 'paused'].includes(status);

interface FigureSpec {
  id: string;
  label: (run: Run) => string;
  /** Names the figure may have in the statistics, the first found counts. */
  names: string[];
  write: (value: Decimal | number | null | undefined) => string;
  signed?: boolean;
  /** What the run itself or its equity says, for while the full statistics are not there. */
  fallback: (run: Run, lastPoint: EquityPoint | undefined) => Decimal | number | null | undefined;
}

const specs: FigureSpec[] = [
  {
    id: 'final-equity',
    label: (run) => (isOver(run) ? 'Final equity' : 'Equity'),
    names: ['final_equity'],
    write: formatMoney,
    fallback: (_, lastPoint) => lastPoint?.equity,
  },
  {
    id: 'total-pnl',
    label: () => 'Total PnL',
    names: ['total_pnl'],
    write: formatSignedMoney,
    signed: true,
    fallback: (run) => run.stats?.total_pnl,
  },
  {
    id: 'trades',
    label: () => 'Trades',
    names: ['total_trades', 'trades'],
    write: formatCount,
    fallback: (run) => run.stats?.total_trades,
  },
  { id: 'win-rate', label: () => 'Win rate', names: ['win_rate'], write: formatPercent, fallback: () => null },
  {
    id: 'max-drawdown',
    label: () => 'Max drawdown',
    names: ['max_drawdown'],
    write: formatPercent,
    fallback: (run) => run.stats?.max_drawdown,
  },
  {
    id: 'sharpe',
    label: () => 'Sharpe',
    names: ['sharpe_ratio', 'sharpe'],
    write: formatRatio,
    fallback: (run) => run.stats?.sharpe_ratio,
  },
];

export function keyFigures(run: Run, figures: RunFigures | undefined, lastPoint: EquityPoint | undefined): KeyFigure[] {
  return specs.map(({ id, label, names, write, signed = false, fallback }) => {
    const figure = names.map((name) => figures?.[name]).find((found) => found !== undefined);
    // A figure that is null on purpose stays unknown: its reason would contradict any number shown instead.
    const value = figure === undefined ? fallback(run, lastPoint) : figure.value;
    return { id, label: label(run), text: write(value), signed, explanation: explain(figure) };
  });
}

function explain(figure: Figure | undefined): string | undefined {
  if (figure === undefined) return undefined;
  return (figure.value === null ? figure.reason : figure.basis) ?? undefined;
}
