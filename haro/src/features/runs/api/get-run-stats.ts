import { useQuery } from '@tanstack/react-query';
import type { RunFigures } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const runStatsKey = (runId: string) => ['runs', 'stats', runId] as const;

function fetchRunStats(runId: string, signal: AbortSignal): Promise<RunFigures> {
  return answerOf(api.GET('/api/v1/runs/{run_id}/stats', { params: { path: { run_id: runId } }, signal }));
}

export function useRunStats(runId: string) {
  return useQuery({ queryKey: runStatsKey(runId), queryFn: ({ signal }) => fetchRunStats(runId, signal) });
}
