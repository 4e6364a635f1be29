import { Button, Drawer, Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../../components/error-notice';
import type { Run, Trade } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { useRunFills } from '../api/get-run-fills';
import type { TabProps } from '../run-tabs';
import { OrderChain } from './order-chain';
import { ordersOfTrade } from './orders-of-trade';
import classes from './why-drawer.module.css';

interface WhyProps {
  run: Run;
  onClose: () => void;
  onPlace: TabProps['onPlace'];
}

/** Why there is this order, and what became of it. */
export function OrderWhy({ orderId, onClose, ...rest }: WhyProps & { orderId: string | null }) {
  return (
    <Why title="Why this order?" open={orderId !== null} onClose={onClose}>
      {orderId !== null && <OrderChain orderId={orderId} {...rest} />}
    </Why>
  );
}

/** Why there is this trade: each of its orders, from the bar to the fill. */
export function TradeWhy({ trade, onClose, ...rest }: WhyProps & { trade: Trade | null }) {
  return (
    <Why title="Why this trade?" open={trade !== null} onClose={onClose}>
      {trade !== null && <TradeOrders trade={trade} {...rest} />}
    </Why>
  );
}

interface DrawerProps {
  title: string;
  open: boolean;
  onClose: () => void;
  children: React.ReactNode;
}

function Why({ title, open, onClose, children }: DrawerProps) {
  return (
    <Drawer
      opened={open}
      onClose={onClose}
      position="right"
      size="min(40rem, 100%)"
      title={title}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {children}
    </Drawer>
  );
}

const mostOrders = 12;

function TradeOrders({ run, trade, onPlace }: Omit<WhyProps, 'onClose'> & { trade: Trade }) {
  const fills = useRunFills(run.id);
  if (fills.isError)
    return (
      <ErrorNotice
        title="The trade's fills could not be loaded"
        error={fills.error}
        onRetry={() => void fills.refetch()}
      />
    );
  if (fills.data === undefined) return <Skeleton height={240} aria-label="Loading the trade's orders" />;
  const orders = ordersOfTrade(fills.data.fills, trade);
  return (
    <>
      <p className={classes.summary}>
        {trade.side} {trade.symbol}, made of {formatCount(orders.length)} {orders.length === 1 ? 'order' : 'orders'}
        <Button
          size="compact-xs"
          variant="default"
          ml="sm"
          onClick={() => {
            onPlace({ tab: 'chart', at: trade.position });
          }}
        >
          On the chart
        </Button>
      </p>
      {orders.slice(0, mostOrders).map((orderId) => (
        <OrderChain key={orderId} orderId={orderId} run={run} onPlace={onPlace} />
      ))}
      {orders.length > mostOrders && (
        <p className={classes.summary}>
          {formatCount(orders.length - mostOrders)} more orders belong to it; the tab Orders has them.
        </p>
      )}
    </>
  );
}
