import { useQuery } from '@tanstack/react-query';
import type { Order } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';
import { workingStatuses } from '../../../lib/order-facts';
import { runOrdersKey } from './get-run-orders';

async function fetchWorkingOrders(runId: string, signal: AbortSignal): Promise<Order[]> {
  const lists = await Promise.all(
    workingStatuses.map((status) => {
      const params = { path: { run_id: runId }, query: { status, page_size: 100 } };
      return answerOf(api.GET('/api/v1/runs/{run_id}/orders', { params, signal }));
    }),
  );
  return lists.flatMap(({ items }) => items);
}

export function useWorkingOrders(runId: string, wanted: boolean) {
  return useQuery({
    queryKey: [...runOrdersKey(runId), 'working'],
    queryFn: ({ signal }) => fetchWorkingOrders(runId, signal),
    enabled: wanted,
  });
}
