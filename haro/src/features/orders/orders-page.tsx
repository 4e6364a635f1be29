import { useDocumentTitle } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { DataTable } from '../../components/data-table/data-table';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { PageHeading } from '../../components/page-heading';
import type { Order } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { usePagedOrders, type OrderFilter } from './api/get-orders';
import { useRunNames } from './api/get-run-names';
import { OrderCard, orderColumns } from './order-columns';
import { OrderFilters } from './order-filters';
import classes from './orders-page.module.css';

interface OrdersPageProps {
  filter: OrderFilter;
  onFilter: (filter: OrderFilter) => void;
}

export function OrdersPage({ filter, onFilter }: OrdersPageProps) {
  useDocumentTitle('Orders · Weaver');
  const navigate = useNavigate();
  const orders = usePagedOrders(filter);
  const { data: runs } = useRunNames();
  const columns = useMemo(() => orderColumns(runs), [runs]);
  const open = ({ run_id }: Order) =>
    void navigate({ to: '/runs/$runId', params: { runId: run_id }, search: { tab: 'orders' } });
  return (
    <>
      <PageHeading title="Orders">
        <span className={classes.dim}>{orders.total !== null && `${formatCount(orders.total)} orders`}</span>
      </PageHeading>
      <OrderFilters filter={filter} runs={runs} onFilter={onFilter} />
      {orders.error && (
        <div className={classes.notice}>
          <ErrorNotice
            title={orders.total === null ? 'The orders could not be loaded' : 'These orders may be old'}
            error={orders.error}
            onRetry={orders.retry}
          />
        </div>
      )}
      {(orders.total !== null || orders.error === null) && (
        <DataTable
          label="Orders"
          testId="orders-table"
          columns={columns}
          rows={orders.rows}
          onNeed={orders.need}
          rowKey={orderId}
          rowData={orderData}
          onOpen={open}
          card={(order) => <OrderCard order={order} runs={runs} />}
          cardHeight={90}
          empty={<NoOrders filtered={Object.keys(filter).length > 0} />}
        />
      )}
    </>
  );
}

const orderId = ({ id }: Order) => id;
const orderData = ({ id }: Order) => ({ 'data-testid': 'order-row', 'data-order-id': id });

function NoOrders({ filtered }: { filtered: boolean }) {
  if (filtered) return <EmptyState title="No order is like that">Clear a filter above to see more.</EmptyState>;
  return (
    <EmptyState title="No orders yet" command="weaver backtest sma_cross --symbol BTC/USD --timeframe 1h">
      The orders of every run appear here by themselves. A backtest is the quickest way to some.
    </EmptyState>
  );
}
