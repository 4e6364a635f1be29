import { useQuery } from '@tanstack/react-query';
import type { StrategyEntry } from '../../../lib/api-types';
import { apiGet } from '../../../lib/http';

const strategiesKey = ['strategies'] as const;

function fetchStrategies(signal: AbortSignal): Promise<{ items: StrategyEntry[] }> {
  return apiGet('/strategies', { signal });
}

export function useStrategies() {
  return useQuery({ queryKey: strategiesKey, queryFn: ({ signal }) => fetchStrategies(signal) });
}
