import { Link } from '@tanstack/react-router';
import { ModeBadge } from '../../components/mode-badge';
import { SignedMoney } from '../../components/signed-money';
import { StatusBadge } from '../../components/status-badge';
import { UtcTime } from '../../components/utc-time';
import type { Run } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { useRunProgress } from './api/run-progress';
import { runTitle } from './run-title';
import classes from './runs-table.module.css';

/** On a narrow screen each row becomes a card; the roles keep it a table for those who listen to it. */
export function RunsTable({ runs }: { runs: Run[] }) {
  return (
    <div className={classes.frame}>
      <table className={classes.table} data-testid="runs-table" role="table" aria-label="Runs">
        <thead role="rowgroup">
          <tr role="row">
            <Heading>Name</Heading>
            <Heading>Mode</Heading>
            <Heading>Status</Heading>
            <Heading>Strategy</Heading>
            <Heading>Symbols</Heading>
            <Heading numeric>Total PnL</Heading>
            <Heading numeric>Trades</Heading>
            <Heading numeric>Created (UTC)</Heading>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {runs.map((run) => (
            <RunRow key={run.id} run={run} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading({ children, numeric = false }: { children: string; numeric?: boolean }) {
  return (
    <th scope="col" role="columnheader" data-numeric={numeric || undefined}>
      {children}
    </th>
  );
}

function RunRow({ run }: { run: Run }) {
  return (
    <tr role="row" data-testid="run-row" data-run-id={run.id}>
      <td role="cell" className={classes.name}>
        <Link to="/runs/$runId" params={{ runId: run.id }} className={classes.link}>
          {runTitle(run)}
        </Link>
      </td>
      <td role="cell" className={classes.mode}>
        <ModeBadge mode={run.mode} />
      </td>
      <td role="cell" className={classes.status}>
        <StatusBadge status={run.status} />
        {run.status === 'running' && <RowProgress run={run} />}
      </td>
      <td role="cell" className={classes.strategy}>
        {run.strategy_id}
      </td>
      <td role="cell" className={classes.symbols}>
        {run.symbols.join(', ')} <span className={classes.timeframe}>{run.timeframe}</span>
      </td>
      <td role="cell" className={classes.pnl} data-numeric>
        <SignedMoney value={run.stats?.total_pnl} />
      </td>
      <td role="cell" className={classes.trades} data-numeric data-known={run.stats !== null || undefined}>
        {formatCount(run.stats?.total_trades)}
      </td>
      <td role="cell" className={classes.created} data-numeric>
        <UtcTime at={run.created_at} />
      </td>
    </tr>
  );
}

function RowProgress({ run }: { run: Run }) {
  const progress = useRunProgress(run);
  if (progress === null) return null;
  return <span className={classes.progress}>{Math.floor(progress * 100)}%</span>;
}
