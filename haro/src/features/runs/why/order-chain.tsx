import { Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../../components/error-notice';
import { StatusBadge } from '../../../components/status-badge';
import { UtcTime } from '../../../components/utc-time';
import type { Run } from '../../../lib/api-types';
import { formatQuantity } from '../../../lib/number-format';
import { useOrder } from '../api/get-order';
import { PositionLink } from '../position-link';
import type { TabProps } from '../run-tabs';
import classes from './order-chain.module.css';
import { stepsOf, type WhyStep } from './why-steps';

interface OrderChainProps {
  run: Run;
  orderId: string;
  onPlace: TabProps['onPlace'];
}

/** What led to an order and what became of it, each step with its place in the journal. */
export function OrderChain({ run, orderId, onPlace }: OrderChainProps) {
  const order = useOrder(run.id, orderId);
  const { data } = order;
  if (order.isError && data === undefined) {
    const retry = () => void order.refetch();
    return <ErrorNotice title="The order could not be loaded" error={order.error} onRetry={retry} />;
  }
  if (data === undefined) return <Skeleton height={220} mb="md" aria-label="Loading the order" />;
  return (
    <section className={classes.chain} aria-label={`Order ${data.id}`} data-testid="order-chain">
      <header className={classes.header}>
        <strong>
          {data.side} {formatQuantity(data.qty)} {data.symbol}
        </strong>{' '}
        <span className={classes.dim}>{data.order_type.replaceAll('_', ' ')}</span> <StatusBadge status={data.status} />
      </header>
      <ol className={classes.steps}>
        {stepsOf(data).map((step) => (
          <Step key={step.key} step={step} onPlace={onPlace} />
        ))}
      </ol>
    </section>
  );
}

function Step({ step, onPlace }: { step: WhyStep; onPlace: TabProps['onPlace'] }) {
  return (
    <li className={classes.step} data-kind={step.kind}>
      <span className={classes.title}>{step.title}</span>
      <span className={classes.text}>{step.text}</span>
      <span className={classes.dim}>
        <UtcTime at={step.at} seconds />
        {step.position !== null && (
          <>
            {' · '}
            <PositionLink position={step.position} onPlace={onPlace} />
          </>
        )}
      </span>
    </li>
  );
}
