import { useQuery } from '@tanstack/react-query';
import type { OrderReasons } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';
import { runOrdersKey } from './get-run-orders';

function fetchOrderReasons(orderId: string, signal: AbortSignal): Promise<OrderReasons> {
  return answerOf(api.GET('/api/v1/orders/{order_id}/why', { params: { path: { order_id: orderId } }, signal }));
}

/** From the bar that was decided on to the order's end, oldest first. */
export function useOrderReasons(runId: string, orderId: string) {
  return useQuery({
    queryKey: [...runOrdersKey(runId), 'why', orderId],
    queryFn: ({ signal }) => fetchOrderReasons(orderId, signal),
  });
}
