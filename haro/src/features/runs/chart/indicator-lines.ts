/** Indicator lines as the chart draws them: a value for each bar on the chart, whatever stretches they were asked for in. */
import type { Indicator } from '../../../lib/api-types';
import type { Bar } from './bars';

/** One line of an answer: its values by the time of their bar, in seconds since 1970 UTC. */
export interface IndicatorPart {
  label: string;
  /** 0 is that of the prices. */
  pane: number;
  values: ReadonlyMap<number, number>;
}

export interface IndicatorLine {
  label: string;
  pane: number;
  /** A place of the palette, from 1. */
  colour: number;
  /** One for each bar, null where there is none. */
  values: readonly (number | null)[];
}

const colours = 8;

/** The lines of an answer; those of another timeframe than the run's say so. */
export function linesOf(times: readonly number[], items: readonly Indicator[], runTimeframe: string): IndicatorPart[] {
  return items.flatMap(({ label, pane, timeframe, series }) => {
    const whole = timeframe === runTimeframe ? label : `${label} ${timeframe}`;
    return series.map(({ name, values }) => ({
      label: name === '' ? whole : `${whole} ${name}`,
      pane,
      values: valuesByTime(times, values),
    }));
  });
}

function valuesByTime(times: readonly number[], values: readonly (number | null)[]): Map<number, number> {
  const known = new Map<number, number>();
  times.forEach((time, place) => {
    const value = values[place] ?? null;
    if (value !== null) known.set(time, value);
  });
  return known;
}

/**
 * One line each, for these bars: a value asked for in detail counts before a coarse one. Panes are numbered without
 * gaps.
 */
export function indicatorLines(
  bars: readonly Bar[],
  coarse: readonly IndicatorPart[],
  detail: readonly IndicatorPart[] = [],
): IndicatorLine[] {
  const panes = [...new Set(coarse.map(({ pane }) => pane).filter((pane) => pane > 0))].sort((a, b) => a - b);
  return coarse.map(({ label, pane, values }, number) => {
    const closer = detail[number]?.values;
    return {
      label,
      pane: pane === 0 ? 0 : panes.indexOf(pane) + 1,
      colour: (number % colours) + 1,
      values: bars.map(({ time }) => closer?.get(time) ?? values.get(time) ?? null),
    };
  });
}
