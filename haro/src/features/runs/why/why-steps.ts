/** The story of an order as steps to read. */
import type { OrderWithEvents } from '../../../lib/api-types';
import { eventText } from '../event-text';

export interface WhyStep {
  key: string;
  kind: 'bar' | 'decision' | 'risk' | 'order' | 'exchange' | 'fill' | 'end';
  title: string;
  text: string;
  /** The market's time. */
  at: string;
  position: number | null;
}

const kinds: Record<string, [WhyStep['kind'], string]> = {
  'order.created': ['decision', 'Decided'],
  'order.submitted': ['exchange', 'Sent'],
  'order.accepted': ['exchange', 'Accepted'],
  'order.outcome_unknown': ['exchange', 'Not known whether it arrived'],
  'order.partially_filled': ['fill', 'Filled in part'],
  'order.filled': ['fill', 'Filled'],
  'order.cancel_requested': ['order', 'Cancellation asked'],
  'order.cancelled': ['end', 'Cancelled'],
  'order.expired': ['end', 'Expired'],
  'order.rejected': ['risk', 'Refused'],
};

export function stepsOf({ events }: OrderWithEvents): WhyStep[] {
  return events.map((event) => {
    const [kind, title] = kinds[event.type.replace(/\.v\d+$/, '')] ?? ['order', event.type];
    const at = event.payload.at;
    return {
      key: event.id,
      kind,
      title,
      text: eventText(event),
      at: typeof at === 'string' ? at : event.ts,
      position: event.position,
    };
  });
}
