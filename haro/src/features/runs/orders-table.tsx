import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { DataColumn } from '../../components/data-table/data-column';
import { DataTable } from '../../components/data-table/data-table';
import { OrderSide, OrderState } from '../../components/order-parts';
import { RowCard } from '../../components/row-card';
import { ZonedTime } from '../../components/zoned-time';
import type { Order } from '../../lib/api-types';
import { formatPrice, formatQuantity } from '../../lib/number-format';
import { isWorking, priceAsked } from '../../lib/order-facts';
import { CancelOrder } from './cancel-order';
import classes from './run-list.module.css';

export interface OrderActions {
  /** Asks why there is such an order. */
  onWhy: (order: Order) => void;
  canCancel: boolean;
}

/** What a table of a run's orders looks like: give it to a DataTable of orders, the same from render to render. */
export interface OrdersLook {
  columns: DataColumn<Order>[];
  card: (order: Order) => React.ReactNode;
}

/** `withSymbol`: of a run that trades several. Without actions the orders are only shown. */
export function ordersLook(withSymbol: boolean, actions: OrderActions | null): OrdersLook {
  const symbol: DataColumn<Order> = { id: 'symbol', header: 'Symbol', cell: (order) => order.symbol };
  const columns: DataColumn<Order>[] = [
    {
      id: 'time',
      header: 'Time',
      ofTime: true,
      width: 10.5,
      grow: 0,
      cell: (order) => <ZonedTime at={order.created_at} seconds />,
    },
    ...(withSymbol ? [symbol] : []),
    { id: 'side', header: 'Side', width: 3.5, grow: 0, cell: OrderSide },
    { id: 'qty', header: 'Qty', width: 6, numeric: true, cell: (order) => formatQuantity(order.qty) },
    { id: 'type', header: 'Type', width: 6, cell: (order) => typeOf(order) },
    { id: 'status', header: 'Status', width: 8, grow: 2, cell: OrderState },
    { id: 'at', header: 'Asked', width: 6.5, numeric: true, cell: priceAsked },
    {
      id: 'price',
      header: 'Avg price',
      width: 6.5,
      numeric: true,
      cell: (order) => formatPrice(order.filled_avg_price),
    },
    { id: 'tag', header: 'Tag', width: 4, cell: (order) => <span className={classes.dim}>{order.tag}</span> },
  ];
  if (actions !== null)
    columns.push({
      id: 'actions',
      header: 'Actions',
      headerHidden: true,
      width: actions.canCancel ? 10.5 : 5,
      grow: 0,
      numeric: true,
      cell: (order) => <Actions order={order} {...actions} />,
    });
  return { columns, card: (order) => <OrderCard order={order} actions={actions} /> };
}

export const orderKey = ({ id }: Order) => id;
export const orderData = ({ id }: Order) => ({ 'data-testid': 'order-row', 'data-order-id': id });
/** In px: buttons need more room than text. */
export const orderCardHeight = (actions: boolean) => (actions ? 84 : 76);

const typeOf = ({ order_type: type }: Order): string => type.replaceAll('_', ' ');

function Actions({ order, onWhy, canCancel }: OrderActions & { order: Order }) {
  return (
    <Button.Group style={{ justifyContent: 'flex-end' }}>
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
    </Button.Group>
  );
}

function OrderCard({ order, actions }: { order: Order; actions: OrderActions | null }) {
  return (
    <RowCard>
      <span>
        <OrderSide side={order.side} /> {formatQuantity(order.qty)} {order.symbol}{' '}
        <span className={classes.dim}>
          {typeOf(order)} {actions !== null && order.tag}
        </span>
      </span>
      <span>{formatPrice(order.filled_avg_price)}</span>
      <OrderState {...order} />
      <span className={classes.dim}>{order.order_type !== 'market' && priceAsked(order)}</span>
      <span className={classes.dim}>
        <ZonedTime at={order.created_at} seconds />
      </span>
      {actions === null ? <span className={classes.dim}>{order.tag}</span> : <Actions order={order} {...actions} />}
    </RowCard>
  );
}

/** A few orders, to be looked at. */
export function OrdersTable({ orders, withSymbol }: { orders: Order[]; withSymbol: boolean }) {
  const look = useMemo(() => ordersLook(withSymbol, null), [withSymbol]);
  return (
    <DataTable
      label="Orders"
      testId="orders-table"
      {...look}
      rows={orders}
      rowKey={orderKey}
      rowData={orderData}
      cardHeight={orderCardHeight(false)}
      maxHeight="none"
      inPanel
    />
  );
}
