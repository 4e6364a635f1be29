/** A line for each step of a walk: what was chosen in sample, and what became of it out of sample. */
import type { Sweep, Trial, TrialPoint } from '../../lib/api-types';

export interface WalkLine {
  window: number;
  /** The out-of-sample part. */
  from: string;
  to: string;
  parameters: TrialPoint['parameters'];
  inSample: number | null;
  outOfSample: number | null;
  totalReturn: string | number | null;
  /** Null before it was begun. */
  status: string | null;
}

/** `searched`: the in-sample trials, the best first. `traded`: the out-of-sample ones. */
export function walkLines({ windows }: Pick<Sweep, 'windows'>, traded: Trial[], searched: TrialPoint[]): WalkLine[] {
  const parts = new Map(traded.map((trial) => [trial.window, trial]));
  const chosen = new Map<number, number | null>();
  for (const { window, value, feasible } of searched)
    if (feasible === true && value !== null && !chosen.has(window)) chosen.set(window, value);
  return windows.map(({ split, end }, window) => {
    const part = parts.get(window);
    return {
      window,
      from: split,
      to: end,
      parameters: part?.parameters ?? {},
      inSample: chosen.get(window) ?? null,
      outOfSample: part?.value ?? null,
      totalReturn: part?.figures?.total_return ?? null,
      status: part?.status ?? null,
    };
  });
}
