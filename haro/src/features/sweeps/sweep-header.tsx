import { Button, Progress } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import { PageHeading } from '../../components/page-heading';
import { StatusBadge } from '../../components/status-badge';
import { ZonedTime, ZoneName } from '../../components/zoned-time';
import type { Sweep } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { useSweepCommand } from './api/sweep-commands';
import { figureLabel } from './figure-text';
import { progressOf, progressText } from './sweep-progress';
import classes from './sweeps.module.css';

export function SweepHeader({ sweep }: { sweep: Sweep }) {
  const command = useSweepCommand(sweep.id);
  const act = sweep.status === 'running' ? 'stop' : sweep.status === 'stopped' ? 'resume' : null;
  return (
    <header className={classes.header}>
      <PageHeading title={sweep.name}>
        {act !== null && (
          <Button
            variant="default"
            size="sm"
            data-testid={`${act}-sweep`}
            loading={command.isPending}
            onClick={() => {
              command.mutate(act);
            }}
          >
            {act === 'stop' ? 'Stop' : 'Resume'}
          </Button>
        )}
      </PageHeading>
      <p className={classes.facts}>
        <StatusBadge status={sweep.status} testId="sweep-status" />
        <span>
          {sweep.strategy_id} <span className={classes.dim}>v{sweep.strategy_version.replace(/^v/, '')}</span>
        </span>
        <span>
          {sweep.symbols.join(', ')} <span className={classes.dim}>{sweep.timeframe}</span>
        </span>
        <span className={classes.dim}>
          <ZonedTime at={sweep.start_time} /> to <ZonedTime at={sweep.end_time} /> <ZoneName />
        </span>
        <span>
          {figureLabel(sweep.objective)} as {sweep.direction === 'maximize' ? 'large' : 'small'} as possible{' '}
          <span className={classes.dim}>by {sweep.method}</span>
        </span>
        {sweep.constraints.map(({ figure, relation, bound }) => (
          <span key={figure + relation} className={classes.dim}>
            {figureLabel(figure)} {relation} {bound}
          </span>
        ))}
        {sweep.walk_forward !== null && (
          <span className={classes.dim}>
            walks forward, {sweep.walk_forward.in_sample} and {sweep.walk_forward.out_of_sample} days
            {sweep.walk_forward.anchored && ', anchored'}
          </span>
        )}
      </p>
      <SweepProgress sweep={sweep} />
      {sweep.status === 'stopped' && (
        <p className={classes.dim}>Trials that have ended are kept. Resume goes on with the others.</p>
      )}
      {sweep.error !== null && (
        <p role="alert" className={classes.fault}>
          <strong>{sweep.error.code}</strong> {sweep.error.message}
        </p>
      )}
      {command.isError && <ErrorNotice title="The sweep did not take the command" error={command.error} />}
    </header>
  );
}

function SweepProgress({ sweep }: { sweep: Sweep }) {
  const progress = progressOf(sweep);
  return (
    <div className={classes.progress}>
      <Progress.Root size="sm">
        <Progress.Section value={Math.floor((progress ?? 0) * 100)} aria-label="Progress of the sweep" />
      </Progress.Root>
      <span data-testid="sweep-progress">
        {progress === null && sweep.status === 'running' ? 'Waits for its turn' : `${progressText(sweep)} trials`}
        {sweep.pruned > 0 && `, ${formatCount(sweep.pruned)} given up`}
        {sweep.failed > 0 && `, ${formatCount(sweep.failed)} failed`}
      </span>
    </div>
  );
}
