import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api';
import type { ExchangeAccount } from '../api-types';

export const exchangeAccountsKey = ['accounts', 'exchanges'] as const;

/** The accounts at exchanges stand beside every page of the runs' own accounts: the smallest page is asked for. */
async function fetchExchangeAccounts(signal: AbortSignal): Promise<ExchangeAccount[]> {
  const params = { query: { page_size: 1 } };
  return (await answerOf(api.GET('/api/v1/accounts', { params, signal }))).exchanges;
}

export function useExchangeAccounts() {
  return useQuery({ queryKey: exchangeAccountsKey, queryFn: ({ signal }) => fetchExchangeAccounts(signal) });
}
