import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answerOf, api, command } from '../../../lib/api';
import { uniqueKey } from '../../../lib/unique-key';
import { runKey } from './get-run';

function stopRun(runId: string): Promise<unknown> {
  const params = { path: { run_id: runId } };
  return answerOf(api.POST('/api/v1/runs/{run_id}/stop', { params, ...command(uniqueKey()) }));
}

export function useStopRun(runId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => stopRun(runId),
    onSettled: () => client.invalidateQueries({ queryKey: runKey(runId) }),
  });
}
