import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Page, Run } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const runsPageSize = 50;

/** Every page of the list; one page is `[...runsKey, page]`. */
export const runsKey = ['runs', 'list'] as const;

function fetchRuns(page: number, signal: AbortSignal): Promise<Page<Run>> {
  return answerOf(api.GET('/api/v1/runs', { params: { query: { page, page_size: runsPageSize } }, signal }));
}

export function useRuns(page: number) {
  return useQuery({
    queryKey: [...runsKey, page],
    queryFn: ({ signal }) => fetchRuns(page, signal),
    placeholderData: keepPreviousData,
  });
}
