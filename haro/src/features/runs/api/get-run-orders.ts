import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Order, Page } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const ordersPageSize = 50;

/** Every page of a run's orders; one page is `[...runOrdersKey(id), cursor]`. */
export const runOrdersKey = (runId: string) => ['runs', 'orders', runId] as const;

function fetchRunOrders(runId: string, cursor: string | null, signal: AbortSignal): Promise<Page<Order>> {
  const params = { path: { run_id: runId }, query: { page_size: ordersPageSize, cursor } };
  return answerOf(api.GET('/api/v1/runs/{run_id}/orders', { params, signal }));
}

/** `cursor` is the `next_cursor` of the page before, null for the first page. */
export function useRunOrders(runId: string, cursor: string | null) {
  return useQuery({
    queryKey: [...runOrdersKey(runId), cursor],
    queryFn: ({ signal }) => fetchRunOrders(runId, cursor, signal),
    placeholderData: keepPreviousData,
  });
}
