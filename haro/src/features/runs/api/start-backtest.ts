/** Creates a run and starts it: two commands, so each keeps its own idempotency key until its outcome is known. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError } from '../../../lib/api-error';
import type { NewRun } from '../../../lib/api-types';
import { answerOf, api, command } from '../../../lib/api';
import { uniqueKey } from '../../../lib/unique-key';
import { runsKey } from './get-runs';

/** What was already tried for one and the same request: pressing the button again must not make a second run. */
export interface BacktestAttempt {
  body: string;
  createKey: string;
  startKey: string;
}

export function attemptFor(backtest: NewRun, previous: BacktestAttempt | null): BacktestAttempt {
  const body = JSON.stringify(backtest);
  return previous?.body === body ? previous : { body, createKey: uniqueKey(), startKey: uniqueKey() };
}

/** Returns the id of the started run. A refused command gets a fresh key in `attempt`, as its answer would be replayed for ever. */
export async function startBacktest(backtest: NewRun, attempt: BacktestAttempt): Promise<string> {
  const run = await answerOf(api.POST('/api/v1/runs', { body: backtest, ...command(attempt.createKey) })).catch(
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

export function useStartBacktest() {
  const client = useQueryClient();
  const attempt = useRef<BacktestAttempt | null>(null);
  return useMutation({
    mutationFn: (backtest: NewRun) => {
      attempt.current = attemptFor(backtest, attempt.current);
      return startBacktest(backtest, attempt.current);
    },
    onSuccess: () => client.invalidateQueries({ queryKey: runsKey }),
  });
}
