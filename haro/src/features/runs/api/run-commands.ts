/** What can be asked of a run. Asked twice because no answer came, it is done once: the key stays until there is one. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError } from '../../../lib/api-error';
import { answerOf, api, command } from '../../../lib/api';
import { uniqueKey } from '../../../lib/unique-key';
import { runKey } from './get-run';
import { runsKey } from './get-runs';

export type RunCommand = 'start' | 'pause' | 'resume' | 'stop' | 'flatten';

const path = (runId: string) => ({ params: { path: { run_id: runId } } });

const senders: Record<RunCommand, (runId: string, key: string) => Promise<unknown>> = {
  start: (runId, key) => answerOf(api.POST('/api/v1/runs/{run_id}/start', { ...path(runId), ...command(key) })),
  pause: (runId, key) => answerOf(api.POST('/api/v1/runs/{run_id}/pause', { ...path(runId), ...command(key) })),
  resume: (runId, key) => answerOf(api.POST('/api/v1/runs/{run_id}/resume', { ...path(runId), ...command(key) })),
  stop: (runId, key) => answerOf(api.POST('/api/v1/runs/{run_id}/stop', { ...path(runId), ...command(key) })),
  flatten: (runId, key) => answerOf(api.POST('/api/v1/runs/{run_id}/flatten', { ...path(runId), ...command(key) })),
};

export function useRunCommand(runId: string) {
  const client = useQueryClient();
  const keys = useRef(new Map<RunCommand, string>());
  return useMutation({
    mutationFn: async (wanted: RunCommand) => {
      const key = keys.current.get(wanted) ?? uniqueKey();
      keys.current.set(wanted, key);
      try {
        const answer = await senders[wanted](runId, key);
        keys.current.delete(wanted);
        return answer;
      } catch (error) {
        if (error instanceof ApiError && error.status !== 0) keys.current.delete(wanted);
        throw error;
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: runKey(runId) }),
  });
}

/** Takes a run that is over out of sight; its events stay in the journal. */
export function useDeleteRun(runId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(api.DELETE('/api/v1/runs/{run_id}', path(runId))),
    onSuccess: () => client.invalidateQueries({ queryKey: runsKey }),
  });
}
