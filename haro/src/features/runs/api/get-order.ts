import { useQuery } from '@tanstack/react-query';
import type { OrderWithEvents } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';
import { runOrdersKey } from './get-run-orders';

function fetchOrder(orderId: string, signal: AbortSignal): Promise<OrderWithEvents> {
  return answerOf(api.GET('/api/v1/orders/{order_id}', { params: { path: { order_id: orderId } }, signal }));
}

/** An order with everything that happened to it. */
export function useOrder(runId: string, orderId: string) {
  return useQuery({
    queryKey: [...runOrdersKey(runId), 'one', orderId],
    queryFn: ({ signal }) => fetchOrder(orderId, signal),
  });
}
