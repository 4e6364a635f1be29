import type { DataColumn } from '../../components/data-table/data-column';
import { RowCard } from '../../components/row-card';
import { ZonedTime } from '../../components/zoned-time';
import type { Envelope } from '../../lib/api-types';
import classes from './event-columns.module.css';
import { eventText } from './event-text';

const columns: DataColumn<Envelope>[] = [
  {
    id: 'position',
    header: 'Position',
    width: 6,
    grow: 0,
    cell: ({ position }) => <span className={classes.dim}>#{position}</span>,
  },
  {
    id: 'recorded',
    header: 'Recorded',
    ofTime: true,
    width: 10.5,
    grow: 0,
    cell: ({ ts }) => <ZonedTime at={ts} seconds />,
  },
  { id: 'type', header: 'Type', width: 12, grow: 0, cell: EventKind },
  { id: 'text', header: 'What happened', width: 14, cell: eventText },
];

function EventKind({ type }: Envelope) {
  return (
    <span className={classes.type} data-family={type.split('.')[0]}>
      {type}
    </span>
  );
}

const eventCard = (event: Envelope) => (
  <RowCard>
    <EventKind {...event} />
    <span className={classes.dim}>#{event.position}</span>
    <span>{eventText(event)}</span>
    <span className={classes.dim}>
      <ZonedTime at={event.ts} seconds />
    </span>
  </RowCard>
);

/** What a table of events looks like: spread it over a DataTable of events, the newest first. */
export const eventsLook = {
  columns,
  card: eventCard,
  cardHeight: 54,
  rowHeight: 34,
  rowKey: ({ id }: Envelope) => id,
  rowData: () => ({ 'data-testid': 'event-row' }),
  growsAtTop: true,
};
