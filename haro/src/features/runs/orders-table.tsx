import { Button } from '@mantine/core';
import { StatusBadge } from '../../components/status-badge';
import { UtcTime } from '../../components/utc-time';
import type { Order } from '../../lib/api-types';
import { formatPrice, formatQuantity } from '../../lib/number-format';
import { workingStatuses } from './api/get-working-orders';
import { CancelOrder } from './cancel-order';
import classes from './orders-table.module.css';

interface OrdersTableProps {
  orders: Order[];
  /** Asks why there is such an order. */
  onWhy?: (order: Order) => void;
  canCancel?: boolean;
}

/** On a narrow screen each row becomes two lines; the roles keep it a table for those who listen to it. */
export function OrdersTable({ orders, onWhy, canCancel = false }: OrdersTableProps) {
  const symbols = new Set(orders.map((order) => order.symbol));
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Orders, scrolls sideways">
      <table className={classes.table} data-testid="orders-table" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              Time (UTC)
            </th>
            {symbols.size > 1 && (
              <th scope="col" role="columnheader">
                Symbol
              </th>
            )}
            <th scope="col" role="columnheader">
              Side
            </th>
            <th scope="col" role="columnheader" data-numeric>
              Qty
            </th>
            <th scope="col" role="columnheader">
              Type
            </th>
            <th scope="col" role="columnheader">
              Status
            </th>
            <th scope="col" role="columnheader" data-numeric>
              At
            </th>
            <th scope="col" role="columnheader" data-numeric>
              Avg price
            </th>
            <th scope="col" role="columnheader">
              Tag
            </th>
            {onWhy && (
              <th scope="col" role="columnheader">
                <span className={classes.hidden}>Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {orders.map((order) => (
            <OrderRow
              key={order.id}
              order={order}
              withSymbol={symbols.size > 1}
              canCancel={canCancel}
              {...(onWhy && { onWhy })}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface OrderRowProps {
  order: Order;
  withSymbol: boolean;
  canCancel: boolean;
  onWhy?: (order: Order) => void;
}

function OrderRow({ order, withSymbol, canCancel, onWhy }: OrderRowProps) {
  return (
    <tr role="row" data-testid="order-row" data-order-id={order.id}>
      <td role="cell" className={classes.time}>
        <UtcTime at={order.created_at} seconds />
      </td>
      {withSymbol && (
        <td role="cell" className={classes.symbol}>
          {order.symbol}
        </td>
      )}
      <td role="cell" className={classes.side} data-side={order.side}>
        {order.side}
      </td>
      <td role="cell" className={classes.qty} data-numeric>
        {formatQuantity(order.qty)}
      </td>
      <td role="cell" className={classes.type}>
        {order.order_type.replaceAll('_', ' ')}
      </td>
      <td role="cell" className={classes.status} title={order.reject_reason ?? undefined}>
        <StatusBadge status={order.status} />
        {order.reject_reason && <div className={classes.reason}>{order.reject_reason}</div>}
      </td>
      <td role="cell" className={classes.at} data-numeric>
        {waitsAt(order)}
      </td>
      <td role="cell" className={classes.price} data-numeric>
        {formatPrice(order.filled_avg_price)}
      </td>
      <td role="cell" className={classes.tag}>
        {order.tag}
      </td>
      {onWhy && (
        <td role="cell" className={classes.actions}>
          {canCancel && isWorking(order) && <CancelOrder order={order} />}
          <Button
            size="compact-xs"
            variant="default"
            data-testid="why-order"
            onClick={() => {
              onWhy(order);
            }}
          >
            Why?
          </Button>
        </td>
      )}
    </tr>
  );
}

const isWorking = ({ status }: Order): boolean => workingStatuses.some((working) => working === status);

/** The limit, the stop, or both; a market order waits for no price. */
function waitsAt({ price, stop_price }: Order): string {
  const prices = [stop_price, price].filter((at) => at !== null);
  return prices.map((at) => formatPrice(at)).join(' → ');
}
