import { DataTable } from '../../../components/data-table/data-table';
import { FigureCard } from '../../../components/figure-card';
import { Panel } from '../../../components/panel';
import { SignedMoney } from '../../../components/signed-money';
import { StatusBadge } from '../../../components/status-badge';
import { subtractDecimals } from '../../../lib/decimal';
import { formatCount, formatMoney } from '../../../lib/number-format';
import type { Past } from '../api/get-past';
import { OrdersTable } from '../orders-table';
import { positionsLook } from '../position-columns';
import classes from './past-standing.module.css';

/** A run's status, equity, positions and orders after one of its events. */
export function PastStanding({ past, isOld }: { past: Past; isOld: boolean }) {
  const { run, orders, positions, equity } = past;
  return (
    <div className={classes.standing} data-old={isOld || undefined} aria-busy={isOld} data-testid="past-standing">
      <dl className={classes.figures} aria-label="How things stood">
        <FigureCard label="Status">
          <StatusBadge status={run.status} />
        </FigureCard>
        <FigureCard label="Equity" explanation="The newest point marked until then, at the market's time.">
          {formatMoney(equity?.equity)}
        </FigureCard>
        <FigureCard label="PnL" explanation="That equity less the initial cash.">
          <SignedMoney value={equity && subtractDecimals(equity.equity, run.initial_cash)} />
        </FigureCard>
        <FigureCard label="Cash">{formatMoney(equity?.cash)}</FigureCard>
        <FigureCard label="Orders">{formatCount(orders.total)}</FigureCard>
        <FigureCard label="Open positions">{formatCount(positions.total)}</FigureCard>
      </dl>
      <Panel title="Positions then" flush>
        {positions.items.length > 0 ? (
          <DataTable label="Positions then" {...positionsLook} rows={positions.items} maxHeight="none" inPanel />
        ) : (
          <p className={classes.nothing}>Nothing was held.</p>
        )}
      </Panel>
      <Panel title="Orders then" flush aside={shownOf(orders.items.length, orders.total)}>
        {orders.items.length > 0 ? (
          <OrdersTable orders={orders.items} withSymbol={run.symbols.length > 1} />
        ) : (
          <p className={classes.nothing}>There were no orders.</p>
        )}
      </Panel>
    </div>
  );
}

function shownOf(shown: number, total: number | null): string {
  return total === null || shown >= total ? 'the newest first' : `the newest ${shown} of ${formatCount(total)}`;
}
