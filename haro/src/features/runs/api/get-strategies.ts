import { useQuery } from '@tanstack/react-query';
import type { StrategyEntry } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

const strategiesKey = ['strategies'] as const;

function fetchStrategies(signal: AbortSignal): Promise<{ items: StrategyEntry[] }> {
  return answerOf(api.GET('/api/v1/strategies', { signal }));
}

export function useStrategies() {
  return useQuery({ queryKey: strategiesKey, queryFn: ({ signal }) => fetchStrategies(signal) });
}
