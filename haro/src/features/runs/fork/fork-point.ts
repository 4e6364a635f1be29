/** Where a run may be forked, and what moment of the market that is. */
import type { Envelope, Run } from '../../../lib/api-types';

/** Null where it can be forked. */
export function whyNoFork({ started_at }: Pick<Run, 'started_at'>): string | null {
  return started_at === null ? 'This run has never started: there is nothing to fork. Clone it instead.' : null;
}

/** The market's time an event is of; null for events that are not of the market, such as those of the run itself. */
export function marketTimeOf({ type, payload }: Pick<Envelope, 'type' | 'payload'>): string | null {
  const isOfMarket = type.startsWith('order.') || type.startsWith('risk.') || type === 'tape.ticked';
  return isOfMarket && typeof payload.at === 'string' ? payload.at : null;
}
