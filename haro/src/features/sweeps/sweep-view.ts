/** What of a sweep is looked at, as the address says it. */
import type { Sweep } from '../../lib/api-types';

export interface SweepView {
  /** The parameter from left to right. */
  across?: string;
  /** The parameter from top to bottom. */
  down?: string;
  /** Of a walk, from 0. */
  window?: number;
}

/** Of a walk the window that is asked for, the last one otherwise; null without a walk, or before its bars were read. */
export function windowOf({ windows }: Pick<Sweep, 'windows'>, { window }: SweepView): number | null {
  if (windows.length === 0) return null;
  return window !== undefined && window < windows.length ? window : windows.length - 1;
}

/** The two parameters of the heatmap, what is asked for where it is varied; the second is null where there is but one. */
export function axesOf({ dimensions }: Pick<Sweep, 'dimensions'>, view: SweepView): [string, string | null] {
  const names = dimensions.map(({ name }) => name);
  const across = names.find((name) => name === view.across) ?? names.find((name) => name !== view.down) ?? '';
  const others = names.filter((name) => name !== across);
  return [across, others.find((name) => name === view.down) ?? others[0] ?? null];
}
