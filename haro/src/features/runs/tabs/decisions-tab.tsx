import { EmptyState } from '../../../components/empty-state';
import { UtcTime } from '../../../components/utc-time';
import type { Decision } from '../../../lib/api-types';
import { formatCount, formatPrice, formatQuantity } from '../../../lib/number-format';
import { decisionsOf, runDecisionsKey } from '../api/run-lists';
import { CursorPages } from '../cursor-pages';
import { PositionLink } from '../position-link';
import { RecordTable, type Column } from '../record-table';
import type { TabProps } from '../run-tabs';
import classes from './decisions-tab.module.css';

/** What the strategy decided, newest first: orders placed, refused and cancelled. */
export function DecisionsTab({ run, onPlace }: TabProps) {
  const columns: Column<Decision>[] = [
    { title: 'Market time', cell: ({ at }) => <UtcTime at={at} seconds /> },
    { title: 'Placed', numeric: true, cell: ({ placed }) => formatCount(placed) },
    { title: 'Cancelled', numeric: true, cell: ({ cancellations }) => formatCount(cancellations) },
    { title: 'Orders', wide: true, cell: (decision) => <DecidedOrders decision={decision} /> },
    {
      title: 'Journal',
      numeric: true,
      cell: ({ position }) => <PositionLink position={position} onPlace={onPlace} />,
    },
  ];
  return (
    <CursorPages
      title="Decisions"
      what="decisions"
      queryKey={runDecisionsKey(run.id)}
      fetchPage={decisionsOf(run.id)}
      empty={<EmptyState title="No decisions">The strategy has placed and cancelled nothing so far.</EmptyState>}
    >
      {(decisions) => (
        <RecordTable
          label="Decisions"
          columns={columns}
          items={decisions}
          keyOf={({ position, at }) => `${at} ${position}`}
        />
      )}
    </CursorPages>
  );
}

function DecidedOrders({ decision: { orders, missed, missed_because } }: { decision: Decision }) {
  return (
    <ul className={classes.orders}>
      {orders.map(({ id, side, qty, symbol, order_type, price, stop_price, tag, refused }) => (
        <li key={id}>
          {side} {formatQuantity(qty)} {symbol} {order_type.replaceAll('_', ' ')}
          {price !== null && ` limit ${formatPrice(price)}`}
          {stop_price !== null && ` stop ${formatPrice(stop_price)}`}
          {tag !== null && <span className={classes.dim}> {tag}</span>}
          {refused !== null && <span className={classes.refused}> refused: {refused.reason}</span>}
        </li>
      ))}
      {missed > 0 && (
        <li className={classes.dim}>
          {formatCount(missed)} bars were missed before{missed_because !== null && `: ${missed_because}`}
        </li>
      )}
    </ul>
  );
}
