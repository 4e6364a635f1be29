import { Alert, Button } from '@mantine/core';
import { ApiError } from '../lib/api-error';
import { ErrorFacts } from './error-facts';
import classes from './error-notice.module.css';

interface ErrorNoticeProps {
  /** What did not work, in the reader's words. */
  title: string;
  error: unknown;
  onRetry?: () => void;
}

/** What went wrong, the server's message, and the correlation id that finds it in the log. */
export function ErrorNotice({ title, error, onRetry }: ErrorNoticeProps) {
  const facts = error instanceof ApiError ? error : null;
  return (
    <Alert color="red" variant="outline" title={title} role="alert" className={classes.notice ?? ''}>
      <p className={classes.message}>{error instanceof Error ? error.message : String(error)}</p>
      {facts && <ErrorFacts error={facts} />}
      <Details details={facts?.details} />
      {onRetry && (
        <Button size="xs" variant="default" mt="sm" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

function Details({ details }: { details: unknown }) {
  const text = details === null || details === undefined ? '{}' : JSON.stringify(details, null, 2);
  if (text === '{}' || text === '[]') return null;
  return (
    <details className={classes.details}>
      <summary>Details</summary>
      <pre>{text}</pre>
    </details>
  );
}
