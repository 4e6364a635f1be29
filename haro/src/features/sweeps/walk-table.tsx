import { useMemo } from 'react';
import type { DataColumn } from '../../components/data-table/data-column';
import { DataTable } from '../../components/data-table/data-table';
import { RowCard } from '../../components/row-card';
import { StatusBadge } from '../../components/status-badge';
import { ZonedTime } from '../../components/zoned-time';
import type { Sweep } from '../../lib/api-types';
import { figureLabel, figureText } from './figure-text';
import type { WalkLine } from './walk-lines';

export function WalkTable({ sweep, lines }: { sweep: Sweep; lines: WalkLine[] }) {
  const columns = useMemo(() => walkColumns(sweep.objective, sweep.dimensions), [sweep.objective, sweep.dimensions]);
  return (
    <DataTable
      label="Windows"
      testId="walk-table"
      columns={columns}
      rows={lines}
      rowKey={lineKey}
      rowName={lineName}
      card={(line) => <WalkCard line={line} objective={sweep.objective} />}
      cardHeight={72}
      maxHeight="20rem"
    />
  );
}

/** In sample, then what became of it out of sample. */
function WalkCard({ line, objective }: { line: WalkLine; objective: string }) {
  const parameters = Object.entries(line.parameters).map(([name, value]) => `${name} ${String(value)}`);
  return (
    <RowCard>
      <ZonedTime at={line.from} />
      <span>
        {figureText(objective, line.inSample)} → <strong>{figureText(objective, line.outOfSample)}</strong>
      </span>
      <span>{parameters.length > 0 ? parameters.join(', ') : 'not yet chosen'}</span>
    </RowCard>
  );
}

const lineKey = ({ window }: WalkLine) => String(window);
const lineName = ({ window }: WalkLine) => `window ${window + 1}`;

function walkColumns(objective: string, dimensions: Sweep['dimensions']): DataColumn<WalkLine>[] {
  const label = figureLabel(objective);
  return [
    { id: 'from', header: 'Traded from', ofTime: true, width: 9, cell: ({ from }) => <ZonedTime at={from} /> },
    { id: 'to', header: 'To', ofTime: true, width: 9, wideOnly: true, cell: ({ to }) => <ZonedTime at={to} /> },
    ...dimensions.map(({ name }) => ({
      id: `parameter ${name}`,
      header: name,
      width: 5,
      numeric: true,
      cell: ({ parameters }: WalkLine) => String(parameters[name] ?? ''),
    })),
    {
      id: 'in',
      header: `${label}, in sample`,
      width: 10.5,
      numeric: true,
      cell: ({ inSample }) => figureText(objective, inSample),
    },
    {
      id: 'out',
      header: 'Out of sample',
      width: 8,
      numeric: true,
      cell: ({ outOfSample }) => figureText(objective, outOfSample),
    },
    {
      id: 'return',
      header: 'Total return',
      width: 7,
      numeric: true,
      wideOnly: true,
      cell: ({ totalReturn }) => figureText('total_return', totalReturn),
    },
    {
      id: 'status',
      header: 'Status',
      width: 7,
      wideOnly: true,
      cell: ({ status }) => (status === null ? 'not yet' : <StatusBadge status={status} />),
    },
  ];
}
