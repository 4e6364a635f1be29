/** When a run held something of a symbol, from its fills, and which bars that shades. */
import { parseDecimal } from '../../../lib/decimal';
import type { Fill } from '../../../lib/api-types';
import { countUntil, secondsOf } from './bars';

export interface Holding {
  side: 'long' | 'short';
  /** Seconds since 1970 UTC. */
  from: number;
  /** Null while it is held. */
  to: number | null;
}

const digits = 18;

/** Exactly, as whole multiples of 10^-18: a position is flat or it is not. */
function units(text: string): bigint {
  const parsed = parseDecimal(text);
  if (parsed === null) return 0n;
  const shift = digits - parsed.scale;
  return shift >= 0 ? parsed.units * 10n ** BigInt(shift) : parsed.units / 10n ** BigInt(-shift);
}

const sideOf = (held: bigint): 'long' | 'short' | null => (held > 0n ? 'long' : held < 0n ? 'short' : null);

/** `fills`: all of the symbol's, oldest first. A fill that goes through flat ends one holding and begins another. */
export function holdings(fills: readonly Pick<Fill, 'side' | 'qty' | 'base_fee' | 'filled_at'>[]): Holding[] {
  const found: Holding[] = [];
  let held = 0n;
  for (const { side, qty, base_fee, filled_at } of fills) {
    const before = sideOf(held);
    held += (side === 'buy' ? units(qty) : -units(qty)) - units(base_fee);
    const after = sideOf(held);
    if (after === before) continue;
    const time = secondsOf(filled_at);
    const open = found.at(-1);
    if (before !== null && open !== undefined) open.to = time;
    if (after !== null) found.push({ side: after, from: time, to: null });
  }
  return found;
}

/** How many of the holdings began in the span; all of them where there is none. More than fit are a mere pattern. `begins`: ascending. */
export function holdingsIn(begins: readonly number[], span: { from: number; to: number } | null): number {
  if (span === null) return begins.length;
  return Math.max(0, countUntil(begins, span.to) - countUntil(begins, Math.ceil(span.from) - 1));
}

/** For each bar what was held during it, null for nothing; the later holding where there are several. Both ascending. */
export function shading(times: readonly number[], all: readonly Holding[]): ('long' | 'short' | null)[] {
  let at = 0;
  return times.map((time, place) => {
    const end = times[place + 1] ?? Infinity;
    let shown: 'long' | 'short' | null = null;
    for (;;) {
      const holding = all[at];
      if (holding === undefined || holding.from >= end) break;
      if ((holding.to === null || holding.to > time) && holding.from < end) shown = holding.side;
      if (holding.to !== null && holding.to <= end) at += 1;
      else break;
    }
    return shown;
  });
}
