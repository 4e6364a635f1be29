import { Button, Drawer } from '@mantine/core';
import { useId, useState } from 'react';
import type { Envelope, Run } from '../../../lib/api-types';
import classes from './fork.module.css';
import { ForkForm } from './fork-form';
import { whyNoFork } from './fork-point';

interface ForkFromHereProps {
  run: Run;
  /** The event the slider stands at; undefined while it is on its way. */
  event: Envelope | undefined;
}

/** Asks what would have become of the run from this event on, under other settings. */
export function ForkFromHere({ run, event }: ForkFromHereProps) {
  const [from, setFrom] = useState<Envelope | null>(null);
  const reason = whyNoFork(run);
  const reasonId = useId();
  return (
    <div className={classes.here}>
      <Button
        size="xs"
        variant="default"
        data-testid="fork-from-here"
        disabled={reason !== null || event === undefined}
        aria-describedby={reasonId}
        onClick={() => {
          setFrom(event ?? null);
        }}
      >
        Fork from here
      </Button>
      <span id={reasonId} className={classes.dim}>
        {reason ?? 'A backtest that is this run up to here, and goes on under other settings.'}
      </span>
      <Drawer
        opened={from !== null}
        onClose={() => {
          setFrom(null);
        }}
        position="right"
        size="min(44rem, 100%)"
        title="Fork from here"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {from !== null && <ForkForm run={run} event={from} />}
      </Drawer>
    </div>
  );
}
