import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../../../lib/api-error';
import type { Run } from '../../../lib/api-types';
import { apiGet } from '../../../lib/http';

export const runKey = (runId: string) => ['runs', 'one', runId] as const;

function fetchRun(runId: string, signal: AbortSignal): Promise<Run> {
  return apiGet(`/runs/${encodeURIComponent(runId)}`, { signal });
}

const attemptsAtMissingRun = 4;

export function useRun(runId: string) {
  return useQuery({
    queryKey: runKey(runId),
    queryFn: ({ signal }) => fetchRun(runId, signal),
    // A run just created may be a moment late in the read model.
    retry: (failures, error) =>
      error instanceof ApiError && (error.status === 404 || error.status === 0 || error.status >= 500)
        ? failures < attemptsAtMissingRun
        : false,
    retryDelay: 400,
  });
}
