import { Link } from '@tanstack/react-router';
import { FigureCard } from '../../components/figure-card';
import { ModeBadge } from '../../components/mode-badge';
import { SignedMoney } from '../../components/signed-money';
import type { Overview } from '../../lib/api-types';
import { formatCount, formatMoney } from '../../lib/number-format';
import { formatMinute } from '../../lib/time-format';
import { useTimeZone, zoneName } from '../../lib/time-zone';
import classes from './overview-page.module.css';

/** The sums of each mode, live first, and what else runs. Real money and play money are never added up. */
export function StandingFigures({ overview }: { overview: Overview }) {
  const totals = overview.totals.toSorted((a, b) => a.mode.localeCompare(b.mode, 'en'));
  const backtests = overview.counts
    .filter(({ mode, status }) => mode === 'backtest' && status === 'running')
    .reduce((sum, { runs }) => sum + runs, 0);
  if (totals.length === 0 && backtests === 0) return null;
  return (
    <div className={classes.wide}>
      {totals.map((total) => (
        <ModeFigures key={total.mode} total={total} since={overview.today_since} />
      ))}
      {backtests > 0 && (
        <p className={classes.calm}>
          <Link to="/runs" search={{ mode: 'backtest', status: 'running' }}>
            {formatCount(backtests)} {backtests === 1 ? 'backtest is' : 'backtests are'} running
          </Link>
        </p>
      )}
    </div>
  );
}

function ModeFigures({ total, since }: { total: Overview['totals'][number]; since: string }) {
  const zone = useTimeZone();
  const name = zoneName(zone);
  const boundary = `${formatMinute(since, zone)} ${name}`;
  const money = total.mode === 'live' ? 'Real money.' : 'Play money.';
  return (
    <dl className={classes.figures} aria-label={`${total.mode} runs`} data-testid={`totals-${total.mode}`}>
      <FigureCard label="Runs">
        <span className={classes.runs}>
          {formatCount(total.runs)} <ModeBadge mode={total.mode} />
        </span>
      </FigureCard>
      <FigureCard label="Equity" explanation={`Sum of the newest marks of the runs that are not over. ${money}`}>
        {formatMoney(total.equity)}
      </FigureCard>
      <FigureCard
        label={`PnL since ${boundary.slice(11)}`}
        explanation={`Newest equity less the last one before ${boundary}; of a run that began later, less its initial cash. Open positions are included.`}
      >
        <SignedMoney value={total.pnl_today} />
      </FigureCard>
      <FigureCard label="Open risk" explanation="What is held: the sum of the absolute values of all positions.">
        {formatMoney(total.gross)}
      </FigureCard>
      <FigureCard label="Open positions">{formatCount(total.open_positions)}</FigureCard>
      <FigureCard label="Open orders">{formatCount(total.open_orders)}</FigureCard>
    </dl>
  );
}
