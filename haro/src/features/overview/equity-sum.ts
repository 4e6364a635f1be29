/** The curve of several runs together: pure. Floats here are for drawing only. */
import type { EquityPoint } from '../../lib/api-types';

export interface SumPoint {
  /** Seconds since 1970 UTC. */
  time: number;
  value: number;
}

const mostPoints = 800;

/**
 * The sum of the curves at every time at which one of them has a point, oldest first, thinned to at most 800.
 * Before its first point a run counts as it began, so that a run which joins is no jump.
 */
export function equitySum(curves: EquityPoint[][]): SumPoint[] {
  const drawn = curves
    .map((points) =>
      points.map(({ time, equity }) => ({ time: Math.floor(Date.parse(time) / 1_000), value: Number(equity) })),
    )
    .filter((points) => points.length > 0);
  const times = [...new Set(drawn.flatMap((points) => points.map(({ time }) => time)))].sort((a, b) => a - b);
  const step = Math.max(1, Math.ceil(times.length / mostPoints));
  const places = drawn.map(() => 0);
  const sums = times.map((time) => {
    let value = 0;
    for (const [at, points] of drawn.entries()) {
      let place = places[at] ?? 0;
      while ((points[place + 1]?.time ?? Infinity) <= time) place += 1;
      places[at] = place;
      value += points[place]?.value ?? 0;
    }
    return { time, value };
  });
  return sums.filter((_, at) => at % step === 0 || at === sums.length - 1);
}
