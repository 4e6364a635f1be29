import { useQuery } from '@tanstack/react-query';
import type { Run } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

/** Under the key of the lists of runs, so that whatever makes those old makes this old. */
const runsAtWorkKey = ['runs', 'list', 'at-work'] as const;
const most = 100;

async function fetchRunsAtWork(signal: AbortSignal): Promise<Run[]> {
  const asked = (['running', 'paused'] as const).map((status) =>
    answerOf(api.GET('/api/v1/runs', { params: { query: { status, page_size: most } }, signal })),
  );
  return (await Promise.all(asked)).flatMap(({ items }) => items);
}

export function useRunsAtWork() {
  return useQuery({ queryKey: runsAtWorkKey, queryFn: ({ signal }) => fetchRunsAtWork(signal) });
}
