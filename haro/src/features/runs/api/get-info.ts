import { useQuery } from '@tanstack/react-query';
import type { Info } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

const infoKey = ['info'] as const;

function fetchInfo(signal: AbortSignal): Promise<Info> {
  return answerOf(api.GET('/api/v1/info', { signal }));
}

/** What runs here: modes and exchanges that are configured. */
export function useInfo() {
  return useQuery({ queryKey: infoKey, queryFn: ({ signal }) => fetchInfo(signal) });
}
