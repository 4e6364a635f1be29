import { Link } from '@tanstack/react-router';
import { EmptyState } from '../../components/empty-state';
import { Meter } from '../../components/meter';
import { ModeBadge } from '../../components/mode-badge';
import { Panel } from '../../components/panel';
import { SignedMoney } from '../../components/signed-money';
import { Sparkline } from '../../components/sparkline';
import { StatusBadge } from '../../components/status-badge';
import { ZonedTime } from '../../components/zoned-time';
import type { EquityPoint, Overview } from '../../lib/api-types';
import { formatMoney, formatPercent } from '../../lib/number-format';
import type { Curves } from './api/get-equities';
import { limitLines, orderLimits, type LimitLine } from './limit-use';
import { tradingRunTitle } from './trading-run-title';
import classes from './trading-runs.module.css';

type TradingRun = Overview['runs'][number];

interface TradingRunsProps {
  runs: TradingRun[];
  curves: Curves;
}

/** Every paper and live run that is not over, with what is left of its limits. */
export function TradingRuns({ runs, curves }: TradingRunsProps) {
  return (
    <Panel title="Runs at work" flush aside={<Link to="/runs">All runs</Link>}>
      {runs.length === 0 ? (
        <EmptyState
          title="Nothing is at work"
          command="weaver run create sma_cross --symbol BTC/USD --timeframe 1m --mode paper"
        >
          Start a paper run with the button above, or from the command line.
        </EmptyState>
      ) : (
        <ul className={classes.list} aria-label="Runs at work">
          {runs.map((run) => (
            <RunEntry key={run.run_id} run={run} points={curves[run.run_id]} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function RunEntry({ run, points }: { run: TradingRun; points: EquityPoint[] | undefined }) {
  const title = tradingRunTitle(run);
  return (
    <li className={classes.run} data-testid="trading-run">
      <div className={classes.line}>
        <span className={classes.name}>
          <ModeBadge mode={run.mode} />{' '}
          <Link to="/runs/$runId" params={{ runId: run.run_id }}>
            {title}
          </Link>
        </span>
        <span className={classes.facts}>
          <StatusBadge status={run.status} /> · {run.strategy_id} · {run.symbols.join(', ')}
        </span>
        <Sparkline values={(points ?? []).map(({ equity }) => Number(equity))} label={`Equity of ${title}`} />
        <span className={classes.amount} title="Equity">
          {formatMoney(run.equity)}
        </span>
        <span className={classes.amount} title="PnL today">
          <SignedMoney value={run.pnl_today} />
        </span>
        <span className={classes.marked}>
          {run.equity_at === null ? (
            'not marked yet'
          ) : (
            <>
              as of <ZonedTime at={run.equity_at} seconds />
            </>
          )}
        </span>
      </div>
      <Limits limits={run.limits} />
    </li>
  );
}

function Limits({ limits }: { limits: TradingRun['limits'] }) {
  const [lines, others] = [limitLines(limits), orderLimits(limits)];
  if (lines.length === 0 && others.length === 0)
    return <p className={classes.unlimited}>No limits are set: nothing but the kill switch stops it.</p>;
  return (
    <ul className={classes.limits} aria-label="Limits">
      {lines.map((line) => (
        <Limit key={line.name} line={line} />
      ))}
      {others.length > 0 && <li className={classes.others}>For each order: {others.join(' · ')}</li>}
    </ul>
  );
}

function Limit({ line: { label, limit, used, left, share, nearness } }: { line: LimitLine }) {
  const text = `${left} left of ${limit}, ${formatPercent(share)} used`;
  return (
    <li className={classes.limit} data-nearness={nearness} title={`${label}: ${used} used of ${limit}`}>
      <span className={classes.label}>{label}</span>
      <span className={classes.left}>{text}</span>
      <Meter label={label} share={share} text={text} tone={nearness} />
    </li>
  );
}
