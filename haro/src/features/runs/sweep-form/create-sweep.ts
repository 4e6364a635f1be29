import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError } from '../../../lib/api-error';
import type { NewSweep } from '../../../lib/api-types';
import { answerOf, api, command } from '../../../lib/api';
import { uniqueKey } from '../../../lib/unique-key';

/** Pressing the button again with the same form must not make a second sweep, unless the server has said no. */
export function useCreateSweep() {
  const client = useQueryClient();
  const attempt = useRef({ body: '', key: '' });
  return useMutation({
    mutationFn: async (sweep: NewSweep) => {
      const body = JSON.stringify(sweep);
      if (attempt.current.body !== body) attempt.current = { body, key: uniqueKey() };
      try {
        return await answerOf(api.POST('/api/v1/sweeps', { body: sweep, ...command(attempt.current.key) }));
      } catch (error) {
        if (error instanceof ApiError && error.status !== 0) attempt.current = { body: '', key: '' };
        throw error;
      }
    },
    // Every list of sweeps.
    onSuccess: () => client.invalidateQueries({ queryKey: ['sweeps', 'list'] }),
  });
}
