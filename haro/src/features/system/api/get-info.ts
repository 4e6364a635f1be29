import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../../lib/api';
import type { Info } from '../../../lib/api-types';

export const infoKey = ['info'] as const;

function fetchInfo(signal: AbortSignal): Promise<Info> {
  return answerOf(api.GET('/api/v1/info', { signal }));
}

export function useInfo() {
  return useQuery({ queryKey: infoKey, queryFn: ({ signal }) => fetchInfo(signal), refetchInterval: 5_000 });
}
