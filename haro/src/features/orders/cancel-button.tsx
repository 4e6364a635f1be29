import { Button } from '@mantine/core';
import { useState } from 'react';
import { ConfirmDialog } from '../../components/confirm-dialog';
import type { Order } from '../../lib/api-types';
import { formatQuantity } from '../../lib/number-format';
import { isWorking, priceAsked } from '../../lib/order-facts';
import { useCancelOrder } from './api/cancel-order';
import classes from './orders-page.module.css';

export function CancelButton({ order }: { order: Order }) {
  const [asking, setAsking] = useState(false);
  const cancel = useCancelOrder();
  if (!isWorking(order)) return <span />;
  if (order.cancel_requested) return <span className={classes.dim}>cancelling</span>;
  const close = () => {
    setAsking(false);
  };
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Cancel the order to ${order.side} ${formatQuantity(order.qty)} ${order.symbol}`}
        onClick={() => {
          setAsking(true);
        }}
      >
        Cancel…
      </Button>
      {asking && (
        <ConfirmDialog
          open
          title="Cancel this order?"
          confirm="Cancel the order"
          dangerous
          busy={cancel.isPending}
          onClose={close}
          onConfirm={() => {
            cancel.mutate(order.id, { onSettled: close });
          }}
        >
          <p>
            <strong>
              {order.side} {formatQuantity(order.qty)} {order.symbol}
            </strong>
            , {order.order_type.replaceAll('_', ' ')} at {priceAsked(order)}, of which{' '}
            {formatQuantity(order.filled_qty)} has been filled. What is filled until the exchange confirms stays filled.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
