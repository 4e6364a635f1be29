/** What runs have earned since midnight UTC: pure, exact. */
import type { Decimal, EquityPoint, Run } from '../../lib/api-types';
import { addDecimals, subtractDecimals } from '../../lib/decimal';

/** 00:00 UTC of the day of `now`. */
export function startOfDay(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()));
}

/**
 * The newest equity less the last one before midnight; a run without one began today, with its initial cash.
 * Null while the equity has no point: then nothing is known.
 */
export function dayPnl(run: Pick<Run, 'initial_cash'>, points: EquityPoint[] | undefined, now: Date): Decimal | null {
  const newest = points?.at(-1);
  if (newest === undefined) return null;
  const midnight = startOfDay(now).getTime();
  const before = points?.findLast(({ time }) => Date.parse(time) < midnight);
  return subtractDecimals(newest.equity, before?.equity ?? run.initial_cash);
}

/** Null when nothing is known of any of them. */
export function sumKnown(amounts: (Decimal | null | undefined)[]): Decimal | null {
  const known = amounts.filter((amount) => amount !== null && amount !== undefined);
  return known.length === 0 ? null : known.reduce(addDecimals);
}
