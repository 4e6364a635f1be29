/** Creates a run and starts it: two commands, so each keeps its own idempotency key until its outcome is known. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError } from '../../../lib/api-error';
import type { NewRun } from '../../../lib/api-types';
import { answerOf, api, command } from '../../../lib/api';
import { uniqueKey } from '../../../lib/unique-key';
import { runsKey } from './get-runs';

/** What was already tried for one and the same request: pressing the button again must not make a second run. */
export interface StartAttempt {
  body: string;
  createKey: string;
  startKey: string;
}

export function attemptFor(run: NewRun, previous: StartAttempt | null): StartAttempt {
  const body = JSON.stringify(run);
  return previous?.body === body ? previous : { body, createKey: uniqueKey(), startKey: uniqueKey() };
}

/** Returns the id of the started run. A refused command gets a fresh key in `attempt`, as its answer would be replayed for ever. */
export async function startRun(newRun: NewRun, attempt: StartAttempt): Promise<string> {
  const run = await answerOf(api.POST('/api/v1/runs', { body: newRun, ...command(attempt.createKey) })).catch(
    (error: unknown) => {
      if (isAnswered(error)) attempt.createKey = uniqueKey();
      throw error;
    },
  );
  const params = { path: { run_id: run.id } };
  await answerOf(api.POST('/api/v1/runs/{run_id}/start', { params, ...command(attempt.startKey) })).catch(
    (error: unknown) => {
      if (isAnswered(error)) attempt.startKey = uniqueKey();
      throw error;
    },
  );
  return run.id;
}

function isAnswered(error: unknown): boolean {
  return error instanceof ApiError && error.status !== 0;
}

export function useStartRun() {
  const client = useQueryClient();
  const attempt = useRef<StartAttempt | null>(null);
  return useMutation({
    mutationFn: (newRun: NewRun) => {
      attempt.current = attemptFor(newRun, attempt.current);
      return startRun(newRun, attempt.current);
    },
    onSuccess: () => client.invalidateQueries({ queryKey: runsKey }),
  });
}
