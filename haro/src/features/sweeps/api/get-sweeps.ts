import { usePagedRows } from '../../../components/data-table/paged-rows';
import type { Sweep, SweepStatus } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export interface SweepFilter {
  status?: SweepStatus;
  strategy?: string;
}

/** Every list of sweeps, whatever its filter. */
export const sweepsKey = ['sweeps', 'list'] as const;

/** The sweeps, the newest first, loaded where they are looked at. */
export function usePagedSweeps(filter: SweepFilter) {
  const { status, strategy } = filter;
  const asked = { ...(status && { status }), ...(strategy !== undefined && { strategy_id: strategy }) };
  return usePagedRows<Sweep>({
    queryKey: [...sweepsKey, filter],
    fetchPage: (page, pageSize, signal) =>
      answerOf(api.GET('/api/v1/sweeps', { params: { query: { ...asked, page, page_size: pageSize } }, signal })),
    pageSize: 100,
  });
}
