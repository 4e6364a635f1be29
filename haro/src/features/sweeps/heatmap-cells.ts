/** From the trials of a sweep to a grid over two of its parameters: pure, so that every rule can be tested alone. */
import type { TrialPoint } from '../../lib/api-types';

export type Parameter = string | number | boolean;

export interface HeatmapCell {
  across: Parameter;
  down: Parameter;
  /** The best trial that has both values, whatever the other parameters are; null where none was tried. */
  best: TrialPoint | null;
  /** How many have both. */
  tried: number;
  /** 1 (worst) to 7 (best) of what counts; null without a value, and for what misses a constraint. */
  step: number | null;
}

export interface Heatmap {
  across: Parameter[];
  down: Parameter[];
  /** A row for each value of `down`. */
  rows: HeatmapCell[][];
  /** The values at the two ends of the colours; null where no trial counts. */
  worst: number | null;
  top: number | null;
}

export const heatSteps = 7;

export type Direction = 'maximize' | 'minimize';

/** `points`: the best first, as the server gives them. */
export function heatmapOf(points: TrialPoint[], across: string, down: string, direction: Direction): Heatmap {
  const columns = valuesOf(points, across);
  const lines = valuesOf(points, down);
  const found = new Map<string, { best: TrialPoint; tried: number }>();
  for (const point of points) {
    const key = keyOf(point.parameters[across], point.parameters[down]);
    const known = found.get(key);
    if (known) known.tried += 1;
    else found.set(key, { best: point, tried: 1 });
  }
  const values = [...found.values()].flatMap(({ best }) => valueThatCounts(best) ?? []);
  const ends = [values.reduce(lesser, Infinity), values.reduce(greater, -Infinity)];
  const [worst = 0, top = 0] = direction === 'maximize' ? ends : ends.reverse();
  const rows = lines.map((line) =>
    columns.map((column): HeatmapCell => {
      const { best = null, tried = 0 } = found.get(keyOf(column, line)) ?? {};
      return { across: column, down: line, best, tried, step: stepOf(valueThatCounts(best), worst, top) };
    }),
  );
  const known = values.length > 0;
  return { across: columns, down: lines, rows, worst: known ? worst : null, top: known ? top : null };
}

export interface ValueBar {
  at: Parameter;
  best: TrialPoint;
  tried: number;
}

/** The best trial of each value of one parameter, by the value. */
export function barsOf(points: TrialPoint[], name: string): ValueBar[] {
  return valuesOf(points, name).flatMap((at) => {
    const having = points.filter(({ parameters }) => parameters[name] === at);
    const best = having[0];
    return best ? [{ at, best, tried: having.length }] : [];
  });
}

/** Every value the parameter was given, numbers and texts of digits by size. */
function valuesOf(points: TrialPoint[], name: string): Parameter[] {
  const values = new Set(points.flatMap(({ parameters }) => parameters[name] ?? []));
  return [...values].sort(compareParameters);
}

function compareParameters(left: Parameter, right: Parameter): number {
  const [first, second] = [Number(left), Number(right)];
  if (typeof left !== 'boolean' && !Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return String(left).localeCompare(String(right), 'en', { numeric: true });
}

/** What misses a constraint has no colour, and does not stretch the scale of the others. */
function valueThatCounts(point: TrialPoint | null): number | null {
  return point === null || point.feasible === false ? null : point.value;
}

/** Equal steps from the worst to the best; all are the best where there is but one value. */
function stepOf(value: number | null, worst: number, top: number): number | null {
  if (value === null) return null;
  const share = worst === top ? 1 : (value - worst) / (top - worst);
  return Math.min(heatSteps, Math.floor(share * heatSteps) + 1);
}

const lesser = (left: number, right: number) => Math.min(left, right);
const greater = (left: number, right: number) => Math.max(left, right);
const keyOf = (...values: (Parameter | undefined)[]): string => JSON.stringify(values);
