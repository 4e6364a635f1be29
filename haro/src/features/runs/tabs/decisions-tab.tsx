import { useMemo, useState } from 'react';
import type { DataColumn } from '../../../components/data-table/data-column';
import { EmptyState } from '../../../components/empty-state';
import { RowCard } from '../../../components/row-card';
import { ZonedTime } from '../../../components/zoned-time';
import type { Decision } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { decisionsOf, runDecisionsKey } from '../api/run-lists';
import { DecisionDrawer } from '../decision-drawer';
import { decisionText } from '../decision-text';
import { PositionLink } from '../position-link';
import { RunList } from '../run-list';
import classes from '../run-list.module.css';
import type { TabProps } from '../run-tabs';

/** What the strategy decided, newest first: orders placed, refused and cancelled. A row opens with all its orders. */
export function DecisionsTab({ run, onPlace }: TabProps) {
  const [opened, setOpened] = useState<Decision | null>(null);
  const columns = useMemo(() => decisionColumns(onPlace), [onPlace]);
  return (
    <>
      <RunList
        title="Decisions"
        what="decisions"
        columns={columns}
        card={decisionCard}
        cardHeight={54}
        rowKey={decisionKey}
        rowData={decisionData}
        testId="decisions-table"
        onOpen={setOpened}
        queryKey={runDecisionsKey(run.id)}
        fetchPage={decisionsOf(run.id)}
        empty={<EmptyState title="No decisions">The strategy has placed and cancelled nothing so far.</EmptyState>}
      />
      <DecisionDrawer
        decision={opened}
        onClose={() => {
          setOpened(null);
        }}
        onPlace={onPlace}
      />
    </>
  );
}

const decisionKey = ({ position, at }: Decision) => `${at} ${position}`;
const decisionData = () => ({ 'data-testid': 'decision-row' });

function decisionColumns(onPlace: TabProps['onPlace']): DataColumn<Decision>[] {
  return [
    {
      id: 'at',
      header: 'Market time',
      ofTime: true,
      width: 10.5,
      grow: 0,
      cell: ({ at }) => <ZonedTime at={at} seconds />,
    },
    { id: 'placed', header: 'Placed', width: 4.5, grow: 0, numeric: true, cell: ({ placed }) => formatCount(placed) },
    {
      id: 'cancelled',
      header: 'Cancelled',
      width: 5.5,
      grow: 0,
      numeric: true,
      cell: ({ cancellations }) => formatCount(cancellations),
    },
    { id: 'orders', header: 'Orders', width: 14, cell: (decision) => <Told decision={decision} /> },
    {
      id: 'journal',
      header: 'Journal',
      width: 6,
      grow: 0,
      numeric: true,
      cell: ({ position }) => <PositionLink position={position} onPlace={onPlace} />,
    },
  ];
}

function Told({ decision }: { decision: Decision }) {
  const text = decisionText(decision);
  return <span title={text}>{text}</span>;
}

const decisionCard = (decision: Decision) => (
  <RowCard>
    <Told decision={decision} />
    <span className={classes.dim}>#{decision.position}</span>
    <span className={classes.dim}>
      <ZonedTime at={decision.at} seconds />
    </span>
    <span className={classes.dim}>
      {decision.cancellations > 0 && `${formatCount(decision.cancellations)} cancelled`}
    </span>
  </RowCard>
);
