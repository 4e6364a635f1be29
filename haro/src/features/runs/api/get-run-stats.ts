import { useQuery } from '@tanstack/react-query';
import type { RunFigures } from '../../../lib/api-types';
import { apiGet } from '../../../lib/http';

export const runStatsKey = (runId: string) => ['runs', 'stats', runId] as const;

function fetchRunStats(runId: string, signal: AbortSignal): Promise<RunFigures> {
  return apiGet(`/runs/${encodeURIComponent(runId)}/stats`, { signal });
}

export function useRunStats(runId: string) {
  return useQuery({ queryKey: runStatsKey(runId), queryFn: ({ signal }) => fetchRunStats(runId, signal) });
}
