import { UtcTime } from '../../components/utc-time';
import type { Envelope } from '../../lib/api-types';
import classes from './event-row.module.css';
import { eventText } from './event-text';

interface EventRowProps {
  /** Undefined while it is on its way. */
  event: Envelope | undefined;
  onOpen: (event: Envelope) => void;
}

/** One event in one line; the rest of it opens on demand. */
export function EventRow({ event, onOpen }: EventRowProps) {
  if (event === undefined) return <div className={classes.row} aria-busy="true" />;
  return (
    <button
      type="button"
      className={classes.row}
      data-testid="event-row"
      onClick={() => {
        onOpen(event);
      }}
    >
      <span className={classes.position}>#{event.position}</span>
      <span className={classes.time}>
        <UtcTime at={event.ts} seconds />
      </span>
      <span className={classes.type} data-family={event.type.split('.')[0]}>
        {event.type}
      </span>
      <span className={classes.text}>{eventText(event)}</span>
    </button>
  );
}
