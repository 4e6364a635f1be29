import { useQuery } from '@tanstack/react-query';
import type { Account } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const runAccountKey = (runId: string) => ['runs', 'account', runId] as const;

async function fetchRunAccount(runId: string, signal: AbortSignal): Promise<Account | null> {
  const query = { run_id: runId, page_size: 1 };
  const { items } = await answerOf(api.GET('/api/v1/accounts', { params: { query }, signal }));
  return items[0] ?? null;
}

/** What the run's fills add up to so far; null before there is an account. */
export function useRunAccount(runId: string) {
  return useQuery({ queryKey: runAccountKey(runId), queryFn: ({ signal }) => fetchRunAccount(runId, signal) });
}
