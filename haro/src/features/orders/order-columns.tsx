import { Link } from '@tanstack/react-router';
import type { DataColumn } from '../../components/data-table/data-column';
import { ModeBadge } from '../../components/mode-badge';
import { OrderSide, OrderState } from '../../components/order-parts';
import { RowCard } from '../../components/row-card';
import { ZonedTime } from '../../components/zoned-time';
import type { Order } from '../../lib/api-types';
import { formatPrice, formatQuantity } from '../../lib/number-format';
import { priceAsked } from '../../lib/order-facts';
import type { NamedRun } from './api/get-run-names';
import { CancelButton } from './cancel-button';
import classes from './orders-page.module.css';

export type RunNames = ReadonlyMap<string, NamedRun> | undefined;

export const orderColumns = (runs: RunNames): DataColumn<Order>[] => [
  {
    id: 'time',
    header: 'Created',
    ofTime: true,
    width: 10.5,
    grow: 0,
    cell: ({ created_at }) => <ZonedTime at={created_at} seconds />,
  },
  { id: 'run', header: 'Run', width: 13, grow: 2, cell: (order) => <RunOf order={order} runs={runs} /> },
  { id: 'symbol', header: 'Symbol', width: 7, cell: ({ symbol }) => symbol },
  { id: 'side', header: 'Side', width: 3.5, grow: 0, cell: OrderSide },
  { id: 'type', header: 'Type', width: 6, cell: ({ order_type }) => order_type.replaceAll('_', ' ') },
  { id: 'qty', header: 'Quantity', width: 6, numeric: true, cell: ({ qty }) => formatQuantity(qty) },
  { id: 'filled', header: 'Filled', width: 6, numeric: true, cell: ({ filled_qty }) => formatQuantity(filled_qty) },
  { id: 'price', header: 'Asked', width: 6.5, numeric: true, cell: priceAsked },
  {
    id: 'average',
    header: 'Avg fill',
    width: 6.5,
    numeric: true,
    cell: (order) => formatPrice(order.filled_avg_price),
  },
  { id: 'status', header: 'Status', width: 8, grow: 2, cell: OrderState },
  { id: 'tag', header: 'Tag', width: 4, cell: ({ tag }) => <span className={classes.dim}>{tag}</span> },
  {
    id: 'cancel',
    header: 'Cancel',
    headerHidden: true,
    width: 5.5,
    grow: 0,
    numeric: true,
    cell: (order) => <CancelButton order={order} />,
  },
];

export function OrderCard({ order, runs }: { order: Order; runs: RunNames }) {
  return (
    <RowCard>
      <span>
        <OrderSide side={order.side} /> {formatQuantity(order.qty)} {order.symbol}{' '}
        <span className={classes.dim}>{order.order_type.replaceAll('_', ' ')}</span>
      </span>
      <span>{formatPrice(order.filled_avg_price)}</span>
      <OrderState {...order} />
      <CancelButton order={order} />
      <RunOf order={order} runs={runs} />
      <span className={classes.dim}>
        <ZonedTime at={order.created_at} />
      </span>
    </RowCard>
  );
}

function RunOf({ order, runs }: { order: Order; runs: RunNames }) {
  const run = runs?.get(order.run_id);
  return (
    <span title={run?.name}>
      {run && <ModeBadge mode={run.mode} />}{' '}
      <Link to="/runs/$runId" params={{ runId: order.run_id }} search={{ tab: 'orders' }} className={classes.link}>
        {run?.name ?? order.run_id.slice(-6)}
      </Link>
    </span>
  );
}
