/** What every table of orders shows alike. */
import type { Order } from '../lib/api-types';
import classes from './order-parts.module.css';
import { StatusBadge } from './status-badge';

export function OrderSide({ side }: Pick<Order, 'side'>) {
  return (
    <span className={classes.side} data-side={side}>
      {side}
    </span>
  );
}

/** Its status and, if it was refused, why. */
export function OrderState({ status, reject_reason: reason }: Pick<Order, 'status' | 'reject_reason'>) {
  return (
    <span title={reason ?? undefined}>
      <StatusBadge status={status} />
      {reason && <span className={classes.reason}>{reason}</span>}
    </span>
  );
}
