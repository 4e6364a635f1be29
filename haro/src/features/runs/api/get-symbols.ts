import { useQuery } from '@tanstack/react-query';
import type { SymbolCoverage } from '../../../lib/api-types';
import { apiGet } from '../../../lib/http';

const symbolsKey = ['symbols'] as const;

function fetchSymbols(signal: AbortSignal): Promise<{ items: SymbolCoverage[] }> {
  return apiGet('/symbols', { signal });
}

export function useSymbols() {
  return useQuery({ queryKey: symbolsKey, queryFn: ({ signal }) => fetchSymbols(signal) });
}
