import type { NotificationChannel } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';

/** What a channel takes, in words. */
export function takenBy({ events, minimum_severity: least, modes }: NotificationChannel): string {
  const what = events.includes('*') ? 'all events' : events.join(', ');
  const severity = least === 'info' ? '' : `, ${least} ${least === 'critical' ? 'alone' : 'and above'}`;
  return `${what}${severity}, of ${modes.join(' and ')} runs`;
}

/** What is on its way to a channel, and what a person has to decide about. */
export function backlogOf({ deliveries }: NotificationChannel): string {
  const { sent, pending, sending, parked } = deliveries;
  const waiting = pending + sending;
  return [
    `${formatCount(sent)} sent`,
    ...(waiting > 0 ? [`${formatCount(waiting)} waiting`] : []),
    ...(parked > 0 ? [`${formatCount(parked)} parked`] : []),
  ].join(', ');
}
