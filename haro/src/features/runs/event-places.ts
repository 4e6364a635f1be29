/** Where in a run's events a position or an instant lies, found by halving: few requests however long the list. */
import type { Envelope } from '../../lib/api-types';

/**
 * The place, from 0, of the last event at or before the position or the instant (of recording); 0 for one before all.
 * `eventAt` answers the event at a place below `total`.
 */
export async function placeOfMoment(
  moment: number | string,
  total: number,
  eventAt: (place: number) => Promise<Envelope | undefined>,
): Promise<number> {
  let [low, high] = [0, total];
  while (low < high) {
    const middle = (low + high) >> 1;
    const event = await eventAt(middle);
    if (event === undefined) break;
    if (isAtOrBefore(event, moment)) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function isAtOrBefore({ position, ts }: Envelope, moment: number | string): boolean {
  return typeof moment === 'number' ? position <= moment : Date.parse(ts) <= Date.parse(moment);
}
