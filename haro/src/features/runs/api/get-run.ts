import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../../../lib/api-error';
import type { Run } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const runKey = (runId: string) => ['runs', 'one', runId] as const;

function fetchRun(runId: string, signal: AbortSignal): Promise<Run> {
  return answerOf(api.GET('/api/v1/runs/{run_id}', { params: { path: { run_id: runId } }, signal }));
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
