import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError } from '../../../lib/api-error';
import { answerOf, api, command } from '../../../lib/api';
import { notifyFailed } from '../../../lib/notify';
import { uniqueKey } from '../../../lib/unique-key';
import { runOrdersKey } from './get-run-orders';

/** Asks for a working order to be cancelled; asked again for want of an answer, it is the same wish. */
export function useCancelOrder(runId: string, orderId: string) {
  const client = useQueryClient();
  const key = useRef<string | null>(null);
  return useMutation({
    mutationFn: async () => {
      key.current ??= uniqueKey();
      const params = { path: { order_id: orderId } };
      try {
        return await answerOf(api.POST('/api/v1/orders/{order_id}/cancel', { params, ...command(key.current) }));
      } catch (error) {
        if (error instanceof ApiError && error.status !== 0) key.current = null;
        throw error;
      }
    },
    onError: (error) => {
      notifyFailed('The order was not cancelled', error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: runOrdersKey(runId) }),
  });
}
