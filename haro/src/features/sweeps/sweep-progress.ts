/** How far a sweep is. */
import type { Sweep } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';

type Standing = Pick<Sweep, 'completed' | 'pruned' | 'failed' | 'trials'>;

export function endedTrials({ completed, pruned, failed }: Standing): number {
  return completed + pruned + failed;
}

/** From 0 to 1; null before the bars were read. */
export function progressOf(sweep: Standing): number | null {
  return sweep.trials === null ? null : sweep.trials === 0 ? 1 : endedTrials(sweep) / sweep.trials;
}

/** "12 of 36" */
export function progressText(sweep: Standing): string {
  return `${formatCount(endedTrials(sweep))} of ${sweep.trials === null ? '?' : formatCount(sweep.trials)}`;
}
