import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Order, Page } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

/** Whatever is known of a run's orders stands under it. */
export const runOrdersKey = (runId: string) => ['runs', 'orders', runId] as const;

function fetchLatestOrders(runId: string, count: number, signal: AbortSignal): Promise<Page<Order>> {
  const params = { path: { run_id: runId }, query: { page_size: count } };
  return answerOf(api.GET('/api/v1/runs/{run_id}/orders', { params, signal }));
}

/** The newest so many orders, and how many there are in all. */
export function useLatestOrders(runId: string, count: number) {
  return useQuery({
    queryKey: [...runOrdersKey(runId), 'latest', count],
    queryFn: ({ signal }) => fetchLatestOrders(runId, count, signal),
    placeholderData: keepPreviousData,
  });
}
