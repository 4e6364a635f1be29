import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answerOf, api, command } from '../../../lib/api';
import { notifyDone, notifyFailed } from '../../../lib/notify';
import { uniqueKey } from '../../../lib/unique-key';
import { ordersKey } from './get-orders';

function cancelOrder(orderId: string): Promise<unknown> {
  const params = { path: { order_id: orderId } };
  return answerOf(api.POST('/api/v1/orders/{order_id}/cancel', { params, ...command(uniqueKey()) }));
}

export function useCancelOrder() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: cancelOrder,
    onSuccess: () => {
      notifyDone('Cancellation requested', 'The order works until the exchange says its last word.');
    },
    onError: (error) => {
      notifyFailed('The order was not cancelled', error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ordersKey }),
  });
}
