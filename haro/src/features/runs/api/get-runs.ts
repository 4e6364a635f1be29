import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { usePagedRows } from '../../../components/data-table/paged-rows';
import type { Page, Run, RunMode, RunStatus } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export interface RunFilter {
  status?: RunStatus;
  mode?: RunMode;
  strategy?: string;
  tag?: string;
}

/** Every list of runs, whatever its filter; one page is `[...runsKey, filter, { page, pageSize }]`. */
export const runsKey = ['runs', 'list'] as const;

const recentRuns = 50;

function fetchRuns(filter: RunFilter, page: number, pageSize: number, signal: AbortSignal): Promise<Page<Run>> {
  const { strategy, ...others } = filter;
  const query = { ...others, ...(strategy !== undefined && { strategy_id: strategy }), page, page_size: pageSize };
  return answerOf(api.GET('/api/v1/runs', { params: { query }, signal }));
}

/** The runs, the newest first, loaded where they are looked at. */
export function usePagedRuns(filter: RunFilter) {
  return usePagedRows<Run>({
    queryKey: [...runsKey, filter],
    fetchPage: (page, pageSize, signal) => fetchRuns(filter, page, pageSize, signal),
    pageSize: 100,
  });
}

const searchedAtOnce = 500;

/** All runs, the newest first, as far back as was asked for with `fetchNextPage`. */
export function useRunsFromNewest(enabled: boolean) {
  return useInfiniteQuery({
    queryKey: [...runsKey, 'from-newest'],
    queryFn: ({ pageParam, signal }) => fetchRunsAfter(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    enabled,
    staleTime: 60_000,
  });
}

function fetchRunsAfter(cursor: string | null, signal: AbortSignal): Promise<Page<Run>> {
  return answerOf(api.GET('/api/v1/runs', { params: { query: { page_size: searchedAtOnce, cursor } }, signal }));
}

/** For a choice of runs by name: the newest ones. */
export function useRecentRuns(enabled: boolean) {
  return useQuery({
    queryKey: [...runsKey, 'recent'],
    queryFn: ({ signal }) => fetchRuns({}, 1, recentRuns, signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}
