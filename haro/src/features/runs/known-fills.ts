/** Joins the newest fills, as a list gives them, to those known before. */
import type { Fill } from '../../lib/api-types';

/** `known`: oldest first. `newest`: newest first. Null while the two do not meet, so that more of the list is needed. */
export function withNewer(known: Fill[], newest: Fill[]): Fill[] | null {
  const last = known.at(-1);
  if (last === undefined) return null;
  const meeting = newest.findIndex(
    ({ execution_id, order_id }) => execution_id === last.execution_id && order_id === last.order_id,
  );
  if (meeting < 0) return null;
  return meeting === 0 ? known : [...known, ...newest.slice(0, meeting).reverse()];
}
