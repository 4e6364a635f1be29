import { Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../../components/error-notice';
import { ZonedTime } from '../../../components/zoned-time';
import type { Reason, Run } from '../../../lib/api-types';
import { useOrderReasons } from '../api/get-order-reasons';
import { PositionLink } from '../position-link';
import type { TabProps } from '../run-tabs';
import classes from './order-chain.module.css';

interface OrderChainProps {
  run: Run;
  orderId: string;
  onPlace: TabProps['onPlace'];
}

const titles: Record<Reason['step'], string> = {
  market: 'The market',
  decision: 'The decision',
  risk: 'Risk',
  intent: 'The order',
  sent: 'Sent',
  exchange: 'The exchange',
  cancel: 'Cancellation',
  fill: 'Fill',
  end: 'The end',
};

/** What led to an order and what became of it, each step with its place in the journal. */
export function OrderChain({ run, orderId, onPlace }: OrderChainProps) {
  const reasons = useOrderReasons(run.id, orderId);
  const { data } = reasons;
  if (reasons.isError && data === undefined) {
    const retry = () => void reasons.refetch();
    return <ErrorNotice title="The order's reasons could not be loaded" error={reasons.error} onRetry={retry} />;
  }
  if (data === undefined) return <Skeleton height={220} mb="md" aria-label="Loading the order's reasons" />;
  return (
    <section className={classes.chain} aria-label={`Order ${orderId}`} data-testid="order-chain">
      <ol className={classes.steps}>
        {data.items.map((reason, at) => (
          <Step
            key={at}
            reason={reason}
            ofEntry={reason.order_id !== null && reason.order_id !== orderId}
            onPlace={onPlace}
          />
        ))}
      </ol>
    </section>
  );
}

interface StepProps {
  reason: Reason;
  /** It happened to the order whose exit this is. */
  ofEntry: boolean;
  onPlace: TabProps['onPlace'];
}

function Step({ reason, ofEntry, onPlace }: StepProps) {
  return (
    <li className={classes.step} data-step={reason.step}>
      <span>
        <strong>{titles[reason.step]}</strong>
        {ofEntry && <span className={classes.dim}> of its entry</span>}
      </span>
      <span className={classes.text}>{reason.text}</span>
      <span className={classes.dim}>
        <ZonedTime at={reason.at} seconds /> · {reason.type}
        {reason.position !== null && (
          <>
            {' · '}
            <PositionLink position={reason.position} onPlace={onPlace} />
          </>
        )}
      </span>
      <details className={classes.payload}>
        <summary>What was recorded</summary>
        <pre tabIndex={0}>{JSON.stringify(reason.payload, null, 2)}</pre>
      </details>
    </li>
  );
}
