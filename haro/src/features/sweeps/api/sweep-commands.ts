import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api, command } from '../../../lib/api';
import { uniqueKey } from '../../../lib/unique-key';
import { sweepKey } from './get-sweep';

export type SweepAct = 'stop' | 'resume';

export function useSweepCommand(sweepId: string) {
  const client = useQueryClient();
  const params = { path: { sweep_id: sweepId } };
  return useMutation({
    mutationFn: (act: SweepAct) =>
      answerOf(
        act === 'stop'
          ? api.POST('/api/v1/sweeps/{sweep_id}/stop', { params, ...command(uniqueKey()) })
          : api.POST('/api/v1/sweeps/{sweep_id}/resume', { params, ...command(uniqueKey()) }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: sweepKey(sweepId) }),
  });
}

/** Makes a run of a trial and starts it; one key for each trial, so that a second press gives the run of the first. */
export function usePromotion(sweepId: string) {
  const [visit] = useState(uniqueKey);
  return useMutation({
    mutationFn: (number: number) =>
      answerOf(
        api.POST('/api/v1/sweeps/{sweep_id}/trials/{number}/promote', {
          params: { path: { sweep_id: sweepId, number } },
          body: { start: true },
          ...command(`${visit}-${number}`),
        }),
      ),
  });
}
