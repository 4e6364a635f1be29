import { useQuery } from '@tanstack/react-query';
import type { PeriodOfRun } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const runPeriodsKey = (runId: string) => ['runs', 'periods', runId] as const;

export type PeriodLength = 'day' | 'month' | 'year';

function fetchRunPeriods(runId: string, by: PeriodLength, signal: AbortSignal): Promise<{ items: PeriodOfRun[] }> {
  const params = { path: { run_id: runId }, query: { by } };
  return answerOf(api.GET('/api/v1/runs/{run_id}/periods', { params, signal }));
}

/** What the run made in each month (or day, or year) in which it marked equity, oldest first. */
export function useRunPeriods(runId: string, by: PeriodLength) {
  return useQuery({
    queryKey: [...runPeriodsKey(runId), by],
    queryFn: ({ signal }) => fetchRunPeriods(runId, by, signal),
  });
}
