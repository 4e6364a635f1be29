/** The indicators a run's strategy declared, with their values at the bars of a chart. */
import { useQuery } from '@tanstack/react-query';
import type { RunIndicators } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';
import { secondsOf, type Span } from '../chart/bars';
import { linesOf, type IndicatorPart } from '../chart/indicator-lines';

const indicatorsKey = (runId: string) => ['runs', 'indicators', runId] as const;

const isoOf = (seconds: number): string => new Date(seconds * 1_000).toISOString();

export interface IndicatorWindow {
  parts: IndicatorPart[];
  /** What the strategy declared and nobody can draw: its name and why. */
  missing: { label: string; reason: string }[];
}

/**
 * Asks for the same stretch and points as the candles, so that both lie at the same moments. `newest`: of a run whose
 * bars still come, the time of its newest one; null for one that reads stored bars.
 */
export function useIndicators(
  runId: string,
  symbol: string,
  span: Span | null,
  points: number,
  newest: number | null = null,
) {
  return useQuery({
    queryKey: [...indicatorsKey(runId), symbol, span?.from, span?.to, points, newest],
    queryFn: async ({ signal }) => {
      const stretch = span === null ? {} : { start: isoOf(span.from), end: isoOf(span.to) };
      const params = { path: { run_id: runId }, query: { symbol, points, ...stretch } };
      return indicatorWindow(await answerOf(api.GET('/api/v1/runs/{run_id}/indicators', { params, signal })));
    },
    enabled: span !== null || newest !== null,
    placeholderData: (previous, query) =>
      query?.queryKey[2] === runId && query.queryKey[3] === symbol ? previous : undefined,
    staleTime: 300_000,
    structuralSharing: false,
  });
}

function indicatorWindow({ timeframe, times, items }: RunIndicators): IndicatorWindow {
  return {
    parts: linesOf(times.map(secondsOf), items, timeframe),
    missing: items.flatMap(({ label, missing }) => (missing === null ? [] : [{ label, reason: missing }])),
  };
}
