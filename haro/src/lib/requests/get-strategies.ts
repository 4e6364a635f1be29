import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api';
import type { StrategyEntry } from '../api-types';
import { everyItem } from './every-item';

export const strategiesKey = ['strategies'] as const;

function fetchStrategies(signal: AbortSignal): Promise<{ items: StrategyEntry[] }> {
  return everyItem((cursor) => answerOf(api.GET('/api/v1/strategies', { params: { query: { cursor } }, signal })));
}

/** `refetchMs`: a file that is put into the folder is no event, so whoever shows the catalogue asks again and again. */
export function useStrategies({ refetchMs }: { refetchMs?: number } = {}) {
  return useQuery({
    queryKey: strategiesKey,
    queryFn: ({ signal }) => fetchStrategies(signal),
    ...(refetchMs !== undefined && { refetchInterval: refetchMs }),
  });
}
