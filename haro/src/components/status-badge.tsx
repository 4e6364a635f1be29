import classes from './badges.module.css';

interface StatusBadgeProps {
  /** A run's or an order's status, in the server's word. */
  status: string;
  testId?: string;
}

export function StatusBadge({ status, testId }: StatusBadgeProps) {
  return (
    <span className={classes.status} data-status={status} data-testid={testId}>
      {status}
    </span>
  );
}
