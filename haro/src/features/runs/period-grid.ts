/** A run's months as a grid of years, and how strongly each is coloured. Floats here are for drawing only. */
import type { PeriodOfRun } from '../../lib/api-types';

export interface YearRow {
  year: number;
  /** January first; null where the run marked no equity. */
  months: (PeriodOfRun | null)[];
  /** Their returns chained; null where one of them has none. */
  whole: number | null;
}

/** The years from the first to the last, those without a month in between included. */
export function yearRows(periods: readonly PeriodOfRun[]): YearRow[] {
  const years = periods.map(({ start }) => new Date(start).getUTCFullYear());
  if (years.length === 0) return [];
  const [first, last] = [Math.min(...years), Math.max(...years)];
  return Array.from({ length: last - first + 1 }, (_, at) => rowOf(first + at, periods));
}

function rowOf(year: number, periods: readonly PeriodOfRun[]): YearRow {
  const months: (PeriodOfRun | null)[] = Array.from({ length: 12 }, () => null);
  for (const period of periods) {
    const start = new Date(period.start);
    if (start.getUTCFullYear() === year) months[start.getUTCMonth()] = period;
  }
  const known = months.filter((month) => month !== null);
  const chained = known.reduce<number | null>(
    (product, { return: made }) => (product === null || made === null ? null : product * (1 + made)),
    1,
  );
  return { year, months, whole: known.length === 0 || chained === null ? null : chained - 1 };
}

const leastScale = 0.01;
const strongest = 45;

/** How much of the colour, in per cent: the largest return has all of it, unless all are small. */
export function strength(value: number, largest: number): number {
  return Math.round((Math.abs(value) / Math.max(largest, leastScale)) * strongest);
}
