import { Progress } from '@mantine/core';
import { ModeBadge } from '../../components/mode-badge';
import { PageHeading } from '../../components/page-heading';
import { StatusBadge } from '../../components/status-badge';
import { UtcTime } from '../../components/utc-time';
import type { Run } from '../../lib/api-types';
import { useRunProgress } from './api/run-progress';
import classes from './run-header.module.css';
import { runTitle } from './run-title';
import { StopButton } from './stop-button';

export function RunHeader({ run }: { run: Run }) {
  return (
    <header className={classes.header}>
      <PageHeading title={runTitle(run)}>
        <StopButton run={run} />
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
        {run.start_time !== null && run.end_time !== null && (
          <span className={classes.dim}>
            <UtcTime at={run.start_time} /> to <UtcTime at={run.end_time} /> UTC
          </span>
        )}
      </p>
      {run.status === 'running' && <RunProgress run={run} />}
    </header>
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
