import { Link } from '@tanstack/react-router';
import type { DataColumn } from '../../components/data-table/data-column';
import { RowCard } from '../../components/row-card';
import { StatusBadge } from '../../components/status-badge';
import { ZonedTime } from '../../components/zoned-time';
import type { Sweep } from '../../lib/api-types';
import { figureLabel, figureText } from './figure-text';
import { progressText } from './sweep-progress';
import classes from './sweeps.module.css';

export const sweepColumns: DataColumn<Sweep>[] = [
  { id: 'name', header: 'Name', width: 11, grow: 2, cell: (sweep) => <SweepLink sweep={sweep} /> },
  { id: 'status', header: 'Status', width: 8, grow: 0, cell: (sweep) => <SweepState sweep={sweep} /> },
  { id: 'search', header: 'Search', width: 5, grow: 0, cell: ({ method }) => method },
  { id: 'varied', header: 'Varied', width: 9, cell: ({ dimensions }) => dimensions.map(({ name }) => name).join(', ') },
  { id: 'market', header: 'Symbols', width: 9, cell: (sweep) => <Market sweep={sweep} /> },
  { id: 'objective', header: 'Objective', width: 9, cell: ({ objective }) => figureLabel(objective) },
  { id: 'trials', header: 'Trials', width: 7, numeric: true, cell: progressText },
  {
    id: 'best',
    header: 'Best',
    width: 6,
    numeric: true,
    cell: ({ objective, best_value }) => figureText(objective, best_value),
  },
  {
    id: 'created',
    header: 'Created',
    ofTime: true,
    width: 9,
    grow: 0,
    numeric: true,
    cell: ({ created_at }) => <ZonedTime at={created_at} />,
  },
];

export function SweepCard({ sweep }: { sweep: Sweep }) {
  return (
    <RowCard>
      <SweepLink sweep={sweep} />
      <span>{figureText(sweep.objective, sweep.best_value)}</span>
      <span>
        <SweepState sweep={sweep} /> <span className={classes.dim}>by {sweep.method}</span>
      </span>
      <span className={classes.dim}>{figureLabel(sweep.objective)}</span>
      <span className={classes.dim}>
        <Market sweep={sweep} />
      </span>
      <span className={classes.dim}>{progressText(sweep)} trials</span>
    </RowCard>
  );
}

function SweepLink({ sweep }: { sweep: Sweep }) {
  return (
    <Link to="/sweeps/$sweepId" params={{ sweepId: sweep.id }} className={classes.link} title={sweep.name}>
      {sweep.name}
    </Link>
  );
}

function SweepState({ sweep }: { sweep: Sweep }) {
  return (
    <span title={sweep.error?.message}>
      <StatusBadge status={sweep.status} />
    </span>
  );
}

function Market({ sweep }: { sweep: Sweep }) {
  return (
    <span title={`${sweep.symbols.join(', ')} ${sweep.timeframe}`}>
      {sweep.symbols.join(', ')} <span className={classes.dim}>{sweep.timeframe}</span>
    </span>
  );
}
