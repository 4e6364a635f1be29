import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { FigureCard } from '../../components/figure-card';
import { ModeBadge } from '../../components/mode-badge';
import { Panel } from '../../components/panel';
import { SignedMoney } from '../../components/signed-money';
import { Sparkline } from '../../components/sparkline';
import { StatusBadge } from '../../components/status-badge';
import type { EquityPoint, Run } from '../../lib/api-types';
import { formatCount, formatMoney } from '../../lib/number-format';
import { useEquities } from './api/get-equities';
import { useRunsAtWork } from './api/get-runs-at-work';
import { dayPnl, sumKnown } from './day-pnl';
import classes from './overview-page.module.css';

const boundary = 'Newest equity less the last one before 00:00 UTC; for a run that began today, less its initial cash.';

export function RunsAtWork() {
  const atWork = useRunsAtWork();
  const runs = atWork.data ?? [];
  const trading = runs.filter(({ mode }) => mode !== 'backtest');
  const equities = useEquities(trading);
  if (atWork.isError && atWork.data === undefined) {
    return (
      <div className={classes.wide}>
        <ErrorNotice title="The runs could not be loaded" error={atWork.error} onRetry={() => void atWork.refetch()} />
      </div>
    );
  }
  if (atWork.data === undefined) return <Skeleton className={classes.wide ?? ''} height={180} />;
  const now = new Date();
  return (
    <>
      <dl className={classes.figures}>
        <FigureCard label="Runs at work" explanation="Running or paused, backtests included.">
          {formatCount(runs.length)}
        </FigureCard>
        <FigureCard label="Live equity" explanation="Sum of the newest equity of the live runs at work.">
          <Equity runs={trading} equities={equities} mode="live" />
        </FigureCard>
        <FigureCard label="Live PnL today (UTC)" explanation={boundary}>
          <DayPnl runs={trading} equities={equities} mode="live" now={now} />
        </FigureCard>
        <FigureCard label="Paper equity" explanation="Sum of the newest equity of the paper runs at work. Play money.">
          <Equity runs={trading} equities={equities} mode="paper" />
        </FigureCard>
        <FigureCard label="Paper PnL today (UTC)" explanation={`${boundary} Play money.`}>
          <DayPnl runs={trading} equities={equities} mode="paper" now={now} />
        </FigureCard>
      </dl>
      <div className={classes.wide}>
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
                <RunLine key={run.id} run={run} points={equities[trading.indexOf(run)]} now={now} />
              ))}
            </ul>
          )}
        </Panel>
      </div>
    </>
  );
}

interface SumProps {
  runs: Run[];
  equities: (EquityPoint[] | undefined)[];
  mode: Run['mode'];
}

function Equity({ runs, equities, mode }: SumProps) {
  const newest = runs.map((run, at) => (run.mode === mode ? equities[at]?.at(-1)?.equity : null));
  return formatMoney(sumKnown(newest));
}

function DayPnl({ runs, equities, mode, now }: SumProps & { now: Date }) {
  return (
    <SignedMoney value={sumKnown(runs.map((run, at) => (run.mode === mode ? dayPnl(run, equities[at], now) : null)))} />
  );
}

function RunLine({ run, points, now }: { run: Run; points: EquityPoint[] | undefined; now: Date }) {
  const name = run.name === '' ? `${run.strategy_id} ${run.id.slice(-6)}` : run.name;
  return (
    <li className={classes.run}>
      <span className={classes.name}>
        <ModeBadge mode={run.mode} />{' '}
        <Link to="/runs/$runId" params={{ runId: run.id }}>
          {name}
        </Link>
      </span>
      <span className={classes.dim}>
        <StatusBadge status={run.status} /> · {run.strategy_id} · {run.symbols.join(', ')} {run.timeframe}
      </span>
      <Sparkline values={(points ?? []).map(({ equity }) => Number(equity))} label={`Equity of ${name}`} />
      <span className={classes.amount}>{formatMoney(points?.at(-1)?.equity)}</span>
      <span className={classes.amount}>
        <SignedMoney value={dayPnl(run, points, now)} />
      </span>
    </li>
  );
}
