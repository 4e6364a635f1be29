import { useQueries } from '@tanstack/react-query';
import type { EquityPoint } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

/** Enough for a curve as wide as the page; no peak and no trough is missing among them. */
const points = 400;

function fetchEquity(runId: string, signal: AbortSignal): Promise<{ items: EquityPoint[] }> {
  const params = { path: { run_id: runId }, query: { points } };
  return answerOf(api.GET('/api/v1/runs/{run_id}/equity', { params, signal }));
}

/** Each run's curve by its id, as far as they are here. */
export type Curves = Record<string, EquityPoint[] | undefined>;

/** The very same object while no curve is another one. */
export function useEquities(runIds: string[]): Curves {
  return useQueries({
    queries: runIds.map((runId) => ({
      // Under the key of the run's own curve, so that whatever makes that old makes this old.
      queryKey: ['runs', 'equity', runId, 'overview'] as const,
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchEquity(runId, signal),
      staleTime: 30_000,
    })),
    combine: (answers): Curves => Object.fromEntries(runIds.map((runId, at) => [runId, answers[at]?.data?.items])),
  });
}
