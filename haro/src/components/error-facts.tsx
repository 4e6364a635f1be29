import type { ApiError } from '../lib/api-error';
import classes from './error-facts.module.css';

/** An error's code, and the correlation id that finds it in the server's log. */
export function ErrorFacts({ error: { code, correlationId } }: { error: ApiError }) {
  return (
    <p className={classes.facts}>
      <span>{code}</span>
      {correlationId !== null && (
        <span>
          correlation id <code className={classes.id}>{correlationId}</code>
        </span>
      )}
    </p>
  );
}
