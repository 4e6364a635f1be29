/** Creates a run and starts it: two commands, so each keeps its own idempotency key until its outcome is known. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError } from '../../../lib/api-error';
import type { NewBacktest, Run } from '../../../lib/api-types';
import { apiPost } from '../../../lib/http';
import { uniqueKey } from '../../../lib/unique-key';
import { runsKey } from './get-runs';

/** What was already tried for one and the same request: pressing the button again must not make a second run. */
export interface BacktestAttempt {
  body: string;
  createKey: string;
  startKey: string;
}

export function attemptFor(backtest: NewBacktest, previous: BacktestAttempt | null): BacktestAttempt {
  const body = JSON.stringify(backtest);
  return previous?.body === body ? previous : { body, createKey: uniqueKey(), startKey: uniqueKey() };
}

/** Returns the id of the started run. A refused command gets a fresh key in `attempt`, as its answer would be replayed for ever. */
export async function startBacktest(backtest: NewBacktest, attempt: BacktestAttempt): Promise<string> {
  const run = await apiPost<Pick<Run, 'id'>>('/runs', { body: backtest, idempotencyKey: attempt.createKey }).catch(
    (error: unknown) => {
      if (isAnswered(error)) attempt.createKey = uniqueKey();
      throw error;
    },
  );
  const path = `/runs/${encodeURIComponent(run.id)}/start`;
  await apiPost(path, { idempotencyKey: attempt.startKey }).catch((error: unknown) => {
    if (isAnswered(error)) attempt.startKey = uniqueKey();
    throw error;
  });
  return run.id;
}

function isAnswered(error: unknown): boolean {
  return error instanceof ApiError && error.status !== 0;
}

export function useStartBacktest() {
  const client = useQueryClient();
  const attempt = useRef<BacktestAttempt | null>(null);
  return useMutation({
    mutationFn: (backtest: NewBacktest) => {
      attempt.current = attemptFor(backtest, attempt.current);
      return startBacktest(backtest, attempt.current);
    },
    onSuccess: () => client.invalidateQueries({ queryKey: runsKey }),
  });
}
