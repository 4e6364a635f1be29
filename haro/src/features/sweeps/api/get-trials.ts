import { useQuery } from '@tanstack/react-query';
import { usePagedRows } from '../../../components/data-table/paged-rows';
import type { Trial } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const trialsKey = (sweepId: string) => ['sweeps', 'trials', sweepId] as const;

/** The trials, the best first, loaded where they are looked at. `window`: of a walk, those of one window. */
export function useBestTrials(sweepId: string, window: number | null) {
  const narrowed = window === null ? {} : { window, part: 'in_sample' as const };
  return usePagedRows<Trial>({
    queryKey: [...trialsKey(sweepId), 'best', window],
    fetchPage: async (page, pageSize, signal) => {
      const query = { ...narrowed, order: 'best' as const, page, page_size: pageSize };
      const answer = await answerOf(
        api.GET('/api/v1/sweeps/{sweep_id}/trials', { params: { path: { sweep_id: sweepId }, query }, signal }),
      );
      return { ...answer, next_cursor: null };
    },
    pageSize: 100,
  });
}

const mostAtOnce = 500;

/** The out-of-sample parts of a walk, by window. */
export function useTradedParts(sweepId: string) {
  return useQuery({
    queryKey: [...trialsKey(sweepId), 'out of sample'],
    queryFn: async ({ signal }) => {
      const query = { part: 'out_of_sample' as const, page_size: mostAtOnce };
      const asked = { params: { path: { sweep_id: sweepId }, query }, signal };
      return (await answerOf(api.GET('/api/v1/sweeps/{sweep_id}/trials', asked))).items;
    },
  });
}
