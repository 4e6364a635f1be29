import { useQuery } from '@tanstack/react-query';
import type { SymbolCoverage } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

const symbolsKey = ['symbols'] as const;

function fetchSymbols(signal: AbortSignal): Promise<{ items: SymbolCoverage[] }> {
  return answerOf(api.GET('/api/v1/symbols', { signal }));
}

export function useSymbols() {
  return useQuery({ queryKey: symbolsKey, queryFn: ({ signal }) => fetchSymbols(signal) });
}
