/** Forks a run. Asked twice because no answer came, there is one fork: the key stays for the same settings. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError } from '../../../lib/api-error';
import type { NewFork } from '../../../lib/api-types';
import { answerOf, api, command } from '../../../lib/api';
import { uniqueKey } from '../../../lib/unique-key';
import { runsKey } from './get-runs';

export function useForkRun(runId: string) {
  const client = useQueryClient();
  const unanswered = useRef<{ body: string; key: string } | null>(null);
  return useMutation({
    mutationFn: async (fork: NewFork) => {
      const text = JSON.stringify(fork);
      const attempt = unanswered.current?.body === text ? unanswered.current : { body: text, key: uniqueKey() };
      unanswered.current = attempt;
      const params = { path: { run_id: runId } };
      return answerOf(api.POST('/api/v1/runs/{run_id}/fork', { params, body: fork, ...command(attempt.key) })).catch(
        (error: unknown) => {
          // The answer to a key that was answered is given for ever.
          if (error instanceof ApiError && error.status !== 0) unanswered.current = null;
          throw error;
        },
      );
    },
    onSuccess: () => client.invalidateQueries({ queryKey: runsKey }),
  });
}
