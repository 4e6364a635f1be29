import { Button } from '@mantine/core';
import type { Order } from '../../lib/api-types';
import { useCancelOrder } from './api/cancel-order';

/** A wish: the order works until its status says that it has ended. */
export function CancelOrder({ order }: { order: Order }) {
  const cancel = useCancelOrder(order.run_id, order.id);
  const asked = order.cancel_requested || cancel.isSuccess;
  return (
    <Button
      size="compact-xs"
      variant="default"
      data-testid="cancel-order"
      loading={cancel.isPending}
      disabled={asked}
      title="Ask the exchange to cancel the rest of this order"
      {...(cancel.isError && { color: 'red', variant: 'outline' })}
      onClick={() => {
        cancel.mutate();
      }}
    >
      {cancel.isError ? 'Not cancelled: try again' : asked ? 'Cancel asked' : 'Cancel'}
    </Button>
  );
}
