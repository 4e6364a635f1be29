import { Button, Skeleton } from '@mantine/core';
import { useState } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { formatCount } from '../../lib/number-format';
import { ordersPageSize, useRunOrders } from './api/get-run-orders';
import classes from './orders-panel.module.css';
import { OrdersTable } from './orders-table';

/** A run's orders, a page at a time. Mount it with the run's id as key: the cursors belong to one run. */
export function OrdersPanel({ runId }: { runId: string }) {
  /** The cursor of each page from the first to the one shown. */
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const orders = useRunOrders(runId, cursors.at(-1) ?? null);
  const { data } = orders;
  const retry = () => void orders.refetch();
  const next = data?.next_cursor ?? null;
  return (
    <Panel title="Orders" flush aside={data && range(cursors.length - 1, data.items.length, data.total)}>
      {orders.isError && (
        <div className={classes.notice}>
          <ErrorNotice title="The orders could not be loaded" error={orders.error} onRetry={retry} />
        </div>
      )}
      {data === undefined && !orders.isError && <Skeleton height={240} radius={0} aria-label="Loading the orders" />}
      {data &&
        (data.items.length > 0 ? <OrdersTable orders={data.items} /> : <p className={classes.nothing}>No orders.</p>)}
      {(cursors.length > 1 || next !== null) && (
        <nav className={classes.pager} aria-label="Pages of orders">
          <Button
            size="xs"
            variant="default"
            disabled={cursors.length === 1}
            onClick={() => {
              setCursors((before) => before.slice(0, -1));
            }}
          >
            Previous
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={next === null || orders.isPlaceholderData}
            onClick={() => {
              setCursors((before) => [...before, next]);
            }}
          >
            Next
          </Button>
        </nav>
      )}
    </Panel>
  );
}

function range(pagesBefore: number, shown: number, total: number | null): string {
  if (shown === 0) return '';
  const first = pagesBefore * ordersPageSize + 1;
  const span = `${formatCount(first)}–${formatCount(first + shown - 1)}`;
  return total === null ? span : `${span} of ${formatCount(total)}`;
}
