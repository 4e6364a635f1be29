import { Drawer } from '@mantine/core';
import { ZonedTime, ZoneName } from '../../components/zoned-time';
import type { Envelope } from '../../lib/api-types';
import classes from './event-drawer.module.css';
import { eventText } from './event-text';
import { PositionLink } from './position-link';
import type { TabProps } from './run-tabs';

interface EventDrawerProps {
  event: Envelope | null;
  onClose: () => void;
  onPlace: TabProps['onPlace'];
}

/** Everything that is known about an event. */
export function EventDrawer({ event, onClose, onPlace }: EventDrawerProps) {
  return (
    <Drawer
      opened={event !== null}
      onClose={onClose}
      position="right"
      size="min(36rem, 100%)"
      title={event?.type}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {event !== null && (
        <>
          <p className={classes.text}>{eventText(event)}</p>
          <dl className={classes.facts}>
            <dt>position</dt>
            <dd>
              <PositionLink position={event.position} onPlace={onPlace} />
            </dd>
            <dt>
              recorded (<ZoneName />)
            </dt>
            <dd>
              <ZonedTime at={event.ts} seconds />
            </dd>
            <Fact name="id" value={event.id} />
            <Fact name="caused by" value={event.causation_id} />
            <Fact name="correlation id" value={event.corr_id} />
            <Fact name="producer" value={event.producer} />
          </dl>
          <pre className={classes.payload} tabIndex={0} aria-label="Payload">
            {JSON.stringify(event.payload, null, 2)}
          </pre>
        </>
      )}
    </Drawer>
  );
}

function Fact({ name, value }: { name: string; value: string | null }) {
  if (value === null || value === '') return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </>
  );
}
