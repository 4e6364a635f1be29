import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api';
import type { SymbolCoverage } from '../api-types';
import { everyItem } from './every-item';

export const symbolsKey = ['symbols'] as const;

function fetchSymbols(signal: AbortSignal): Promise<{ items: SymbolCoverage[] }> {
  return everyItem((cursor) => answerOf(api.GET('/api/v1/symbols', { params: { query: { cursor } }, signal })));
}

/** `refetchMs`: imports and downloads are no events, so whoever shows what is stored asks again and again. */
export function useSymbols({ refetchMs }: { refetchMs?: number } = {}) {
  return useQuery({
    queryKey: symbolsKey,
    queryFn: ({ signal }) => fetchSymbols(signal),
    ...(refetchMs !== undefined && { refetchInterval: refetchMs }),
  });
}
