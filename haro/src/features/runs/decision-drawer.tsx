import { Drawer } from '@mantine/core';
import { ZonedTime, ZoneName } from '../../components/zoned-time';
import type { Decision } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import classes from './decision-drawer.module.css';
import { decidedOrderText } from './decision-text';
import { PositionLink } from './position-link';
import type { TabProps } from './run-tabs';

interface DecisionDrawerProps {
  decision: Decision | null;
  onClose: () => void;
  onPlace: TabProps['onPlace'];
}

/** Every order of a decision, and why one was refused. */
export function DecisionDrawer({ decision, onClose, onPlace }: DecisionDrawerProps) {
  return (
    <Drawer
      opened={decision !== null}
      onClose={onClose}
      position="right"
      size="min(36rem, 100%)"
      title="Decision"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {decision !== null && <Content decision={decision} onPlace={onPlace} />}
    </Drawer>
  );
}

function Content({ decision, onPlace }: { decision: Decision; onPlace: TabProps['onPlace'] }) {
  const { at, position, orders, placed, cancellations, missed, missed_because: because } = decision;
  return (
    <>
      <p className={classes.summary}>
        At <ZonedTime at={at} seconds /> <ZoneName />, the market’s time ·{' '}
        <PositionLink position={position} onPlace={onPlace} />
        <br />
        {formatCount(placed)} placed, {formatCount(cancellations)} cancelled
        {missed > 0 && `, after ${formatCount(missed)} missed bars${because === null ? '' : `: ${because}`}`}
      </p>
      <ul className={classes.orders} aria-label="Orders of the decision">
        {orders.map((order) => (
          <li key={order.id}>
            {decidedOrderText(order)} <span className={classes.dim}>{order.tag}</span>
            {order.refused !== null && <span className={classes.refused}>refused: {order.refused.reason}</span>}
          </li>
        ))}
      </ul>
      {orders.length < placed && (
        <p className={classes.dim}>The first {formatCount(orders.length)} are listed; the tab Orders has all.</p>
      )}
    </>
  );
}
