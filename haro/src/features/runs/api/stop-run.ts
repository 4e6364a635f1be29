import { useMutation, useQueryClient } from '@tanstack/react-query';
import { apiPost } from '../../../lib/http';
import { uniqueKey } from '../../../lib/unique-key';
import { runKey } from './get-run';

function stopRun(runId: string): Promise<unknown> {
  return apiPost(`/runs/${encodeURIComponent(runId)}/stop`, { idempotencyKey: uniqueKey() });
}

export function useStopRun(runId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => stopRun(runId),
    onSettled: () => client.invalidateQueries({ queryKey: runKey(runId) }),
  });
}
