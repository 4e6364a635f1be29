import { Button, Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import type { Run } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { useLatestOrders } from './api/get-run-orders';
import { OrdersTable } from './orders-table';
import classes from './run-list.module.css';

const shown = 8;

/** What the run did last; the rest is a click away. */
export function LatestOrders({ run, onAll }: { run: Run; onAll: () => void }) {
  const orders = useLatestOrders(run.id, shown);
  const { data } = orders;
  const all = data !== undefined && (data.total ?? 0) > shown && (
    <Button size="compact-xs" variant="subtle" onClick={onAll}>
      All {formatCount(data.total)} orders
    </Button>
  );
  return (
    <Panel title="Latest orders" flush aside={all}>
      {orders.isError && (
        <div className={classes.notice}>
          <ErrorNotice
            title="The orders could not be loaded"
            error={orders.error}
            onRetry={() => void orders.refetch()}
          />
        </div>
      )}
      {data === undefined && !orders.isError && <Skeleton height={240} radius={0} aria-label="Loading the orders" />}
      {data?.items.length === 0 && <p className={classes.nothing}>No orders yet.</p>}
      {data !== undefined && data.items.length > 0 && (
        <OrdersTable orders={data.items} withSymbol={run.symbols.length > 1} />
      )}
    </Panel>
  );
}
