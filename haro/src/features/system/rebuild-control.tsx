import { Button, Progress } from '@mantine/core';
import { useState } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import type { ReadModel } from '../../lib/api-types';
import { formatDuration } from '../../lib/duration-format';
import { formatCount } from '../../lib/number-format';
import { useRebuildReadModel } from './api/rebuild-read-model';
import classes from './rebuild-control.module.css';

/** Asks before it rebuilds, shows how far it is, and what came of it. */
export function RebuildControl({ model: { name, rebuild } }: { model: ReadModel }) {
  const start = useRebuildReadModel(name);
  const [step, setStep] = useState<'quiet' | 'asking' | 'declined'>('quiet');
  const shownName = name.replaceAll('_', ' ');

  if (rebuild.state === 'running') return <RunningRebuild name={shownName} rebuild={rebuild} />;
  return (
    <div className={classes.control}>
      {step !== 'asking' && <Outcome rebuild={rebuild} />}
      {step === 'asking' ? (
        <div className={classes.buttons} role="group" aria-label={`Rebuild ${shownName}?`}>
          <Button
            size="compact-xs"
            autoFocus
            onClick={() => {
              setStep('quiet');
              start.mutate();
            }}
          >
            Rebuild {shownName}
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              setStep('declined');
            }}
          >
            Cancel
          </Button>
        </div>
      ) : (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`Rebuild ${shownName} …`}
          autoFocus={step === 'declined'}
          loading={start.isPending}
          onClick={() => {
            start.reset();
            setStep('asking');
          }}
        >
          Rebuild …
        </Button>
      )}
      {start.isError && (
        <div className={classes.error}>
          <ErrorNotice title={`${shownName} is not being rebuilt`} error={start.error} />
        </div>
      )}
    </div>
  );
}

type Rebuild = ReadModel['rebuild'];

function Outcome({ rebuild: { state, seconds, error } }: { rebuild: Rebuild }) {
  if (state === 'failed')
    return (
      <span className={classes.failed} role="alert">
        failed: {error ?? 'the log says why'}
      </span>
    );
  if (state !== 'done') return null;
  return <span className={classes.done}>rebuilt{seconds !== null && ` in ${formatDuration(seconds)}`}</span>;
}

function RunningRebuild({ name, rebuild: { fraction, position, head } }: { name: string; rebuild: Rebuild }) {
  const percent = Math.floor((fraction ?? 0) * 100);
  return (
    <div className={classes.running}>
      <span>{position === null ? 'waiting' : `${formatCount(position)} of ${formatCount(head)}`}</span>
      <Progress value={percent} size="sm" aria-label={`Rebuild of ${name}`} className={classes.bar ?? ''} />
    </div>
  );
}
