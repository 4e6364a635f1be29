import { Progress } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ModeBadge } from '../../components/mode-badge';
import { PageHeading } from '../../components/page-heading';
import { StatusBadge } from '../../components/status-badge';
import { ZonedTime, ZoneName } from '../../components/zoned-time';
import type { Run } from '../../lib/api-types';
import { formatDuration, secondsBetween } from '../../lib/duration-format';
import { useNow } from '../../lib/use-now';
import { useLastEvent } from './api/last-event';
import { useRunProgress } from './api/run-progress';
import { isOver } from './run-actions';
import { RunControls } from './run-controls';
import classes from './run-header.module.css';
import { runTitle } from './run-title';

export function RunHeader({ run }: { run: Run }) {
  return (
    <header className={classes.header}>
      <PageHeading title={runTitle(run)}>
        <RunControls run={run} />
      </PageHeading>
      <p className={classes.facts}>
        <ModeBadge mode={run.mode} />
        <StatusBadge status={run.status} testId="run-status" />
        <span>
          {run.strategy_id}{' '}
          <span className={classes.dim}>{run.strategy_version && `v${run.strategy_version.replace(/^v/, '')}`}</span>
        </span>
        <span>
          {run.symbols.join(', ')} <span className={classes.dim}>{run.timeframe}</span>
        </span>
        {run.mode !== 'backtest' && <span className={classes.dim}>at {run.exchange}</span>}
        {run.start_time !== null && run.end_time !== null && (
          <span className={classes.dim}>
            <ZonedTime at={run.start_time} /> to <ZonedTime at={run.end_time} /> <ZoneName />
          </span>
        )}
        {run.forked_from !== null && <Origin fork={run} origin={run.forked_from} />}
        <Ages run={run} />
        {run.tags.map((tag) => (
          <span key={tag} className={classes.tag}>
            {tag}
          </span>
        ))}
      </p>
      {run.notes !== '' && <p className={classes.notes}>{run.notes}</p>}
      {run.mode === 'backtest' && run.status === 'running' && <RunProgress run={run} />}
    </header>
  );
}

/** Which run a fork was until when, and both of them over each other. */
function Origin({ fork, origin }: { fork: Run; origin: NonNullable<Run['forked_from']> }) {
  return (
    <span className={classes.dim} data-testid="run-origin">
      fork of{' '}
      <Link to="/runs/$runId" params={{ runId: origin.run_id }}>
        run {origin.run_id.slice(-6)}
      </Link>
      {origin.moment !== null && (
        <>
          {' '}
          from <ZonedTime at={origin.moment} /> on
        </>
      )}{' '}
      ·{' '}
      <Link to="/compare" search={{ runs: `${origin.run_id},${fork.id}` }}>
        compare
      </Link>
    </span>
  );
}

/** How long the run has been at it, and how old its news is. */
function Ages({ run }: { run: Run }) {
  const underWay = run.started_at !== null && !isOver(run);
  const now = useNow(underWay ? 1_000 : null);
  const lastEvent = useLastEvent(run.id, underWay && run.mode !== 'backtest');
  const age = secondsBetween(lastEvent, now);
  if (run.started_at === null) return null;
  return (
    <>
      <span className={classes.dim} data-testid="run-uptime">
        {underWay ? 'up ' : 'ran '}
        {formatDuration(secondsBetween(run.started_at, underWay ? now : run.stopped_at))}
      </span>
      {age !== null && (
        <span className={classes.dim} title="Since the last event of this run in the journal" data-testid="run-age">
          last event {formatDuration(age)} ago
        </span>
      )}
    </>
  );
}

function RunProgress({ run }: { run: Run }) {
  const progress = useRunProgress(run);
  if (progress === null) return null;
  const percent = Math.floor(progress * 100);
  return (
    <div className={classes.progress}>
      <Progress.Root size="sm">
        <Progress.Section value={percent} aria-label="Progress of the backtest" data-testid="run-progress" />
      </Progress.Root>
      <span>{percent}%</span>
    </div>
  );
}
