import { useQuery } from '@tanstack/react-query';
import type { Overview } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const overviewKey = ['overview'] as const;

/** Events make it old; today begins, and marks of equity come, without any. */
const refetchMs = 30_000;

function fetchOverview(signal: AbortSignal): Promise<Overview> {
  return answerOf(api.GET('/api/v1/overview', { signal }));
}

/** How everything stands, in one answer. */
export function useOverview() {
  return useQuery({
    queryKey: overviewKey,
    queryFn: ({ signal }) => fetchOverview(signal),
    refetchInterval: refetchMs,
  });
}
