import type { DataColumn } from '../../components/data-table/data-column';
import { RowCard } from '../../components/row-card';
import { ZonedTime } from '../../components/zoned-time';
import type { LogLine } from '../../lib/api-types';
import classes from './log-columns.module.css';

const dim = (text: string) => <span className={classes.dim}>{text}</span>;

const columns: DataColumn<LogLine>[] = [
  {
    id: 'at',
    header: 'Market time',
    ofTime: true,
    width: 10.5,
    grow: 0,
    cell: ({ at }) => <ZonedTime at={at} seconds />,
  },
  { id: 'source', header: 'From', width: 5, grow: 0, cell: ({ source }) => dim(source) },
  { id: 'level', header: 'Level', width: 5, grow: 0, cell: ({ level }) => dim(level) },
  { id: 'message', header: 'Message', width: 14, cell: Message },
];

function Message({ message, level, fields }: LogLine) {
  const told = Object.entries(fields)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
  return (
    <span className={classes.message} data-level={level} title={`${message} ${told}`}>
      {message} {dim(told)}
    </span>
  );
}

const logCard = (line: LogLine) => (
  <RowCard>
    <Message {...line} />
    <span />
    <span className={classes.dim}>
      <ZonedTime at={line.at} seconds /> · {line.source}
    </span>
    {dim(line.level === 'info' ? '' : line.level)}
  </RowCard>
);

/** What a table of a run's log looks like: spread it over a DataTable of lines, the newest first. */
export const logLook = {
  columns,
  card: logCard,
  cardHeight: 54,
  rowHeight: 34,
  rowKey: ({ number }: LogLine) => String(number),
  rowData: ({ level }: LogLine) => ({ 'data-testid': 'log-line', 'data-level': level }),
  growsAtTop: true,
};
