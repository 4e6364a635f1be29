/** Event types by what they are about, for filters. */
import type { EventType } from '../../lib/api-types';

export const eventKinds = ['run', 'order', 'fill', 'tape', 'risk', 'log'] as const;
export type EventKind = (typeof eventKinds)[number];

export const typesOfKind: Record<EventKind, readonly EventType[]> = {
  run: [
    'run.created',
    'run.start_requested',
    'run.started',
    'run.paused',
    'run.resumed',
    'run.flatten_requested',
    'run.flattened',
    'run.stop_requested',
    'run.faulted',
    'run.stopped',
    'run.equity_marked',
    'run.completed',
    'run.error',
  ],
  order: [
    'order.created',
    'order.submitted',
    'order.accepted',
    'order.outcome_unknown',
    'order.partially_filled',
    'order.filled',
    'order.cancel_requested',
    'order.cancelled',
    'order.expired',
    'order.rejected',
  ],
  fill: ['order.partially_filled', 'order.filled'],
  tape: ['tape.ticked', 'tape.backfilled', 'tape.decided'],
  risk: ['risk.halted', 'risk.resumed', 'account.reconciled', 'account.discrepancy_found'],
  log: ['log.written', 'log.noted'],
};
