import { Alert } from '@mantine/core';
import type { RunError as Failure } from '../../lib/api-types';
import classes from './run-error.module.css';

/** Why a run failed. The traceback is the strategy author's, so it is shown in full, but only on demand. */
export function RunError({ error }: { error: Failure | null }) {
  const title = error?.code ? `This run failed: ${error.code}` : 'This run failed';
  return (
    <Alert
      color="red"
      variant="outline"
      title={title}
      role="alert"
      className={classes.notice ?? ''}
      data-testid="run-error"
    >
      <p className={classes.message}>{error?.message ?? 'No message was recorded. The log of the run has more.'}</p>
      {error?.traceback && (
        <details className={classes.details}>
          <summary>Traceback</summary>
          <pre tabIndex={0} aria-label="Traceback">
            {error.traceback}
          </pre>
        </details>
      )}
    </Alert>
  );
}
