import { useQuery } from '@tanstack/react-query';
import type { ExchangeAccount } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

async function fetchExchangeAccounts(signal: AbortSignal): Promise<ExchangeAccount[]> {
  const { exchanges } = await answerOf(api.GET('/api/v1/accounts', { params: { query: { page_size: 1 } }, signal }));
  return exchanges;
}

/** The accounts at exchanges, as they were when they were last compared with the journal. */
export function useExchangeAccounts() {
  return useQuery({
    queryKey: ['accounts', 'exchanges'],
    queryFn: ({ signal }) => fetchExchangeAccounts(signal),
    refetchInterval: 30_000,
  });
}
