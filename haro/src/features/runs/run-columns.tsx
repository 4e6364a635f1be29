import { Link } from '@tanstack/react-router';
import type { DataColumn } from '../../components/data-table/data-column';
import { ModeBadge } from '../../components/mode-badge';
import { RowCard } from '../../components/row-card';
import { SignedMoney } from '../../components/signed-money';
import { StatusBadge } from '../../components/status-badge';
import { Tags } from '../../components/tags';
import { ZonedTime } from '../../components/zoned-time';
import type { Run } from '../../lib/api-types';
import { formatCount, formatRatio } from '../../lib/number-format';
import { useRunProgress } from './api/run-progress';
import { runTitle } from './run-title';
import classes from './runs-page.module.css';

export const runColumns: DataColumn<Run>[] = [
  { id: 'name', header: 'Name', width: 11, grow: 2, cell: (run) => <RunLink run={run} /> },
  { id: 'mode', header: 'Mode', width: 6.75, grow: 0, cell: ({ mode }) => <ModeBadge mode={mode} /> },
  { id: 'status', header: 'Status', width: 8, grow: 0, cell: (run) => <RunState run={run} /> },
  { id: 'strategy', header: 'Strategy', width: 8, cell: ({ strategy_id }) => strategy_id },
  { id: 'symbols', header: 'Symbols', width: 9, cell: (run) => <Markets run={run} /> },
  {
    id: 'pnl',
    header: 'Total PnL',
    width: 7,
    numeric: true,
    cell: ({ stats }) => <SignedMoney value={stats?.total_pnl} />,
  },
  { id: 'trades', header: 'Trades', width: 4.5, numeric: true, cell: ({ stats }) => formatCount(stats?.total_trades) },
  { id: 'sharpe', header: 'Sharpe', width: 4.5, numeric: true, cell: ({ stats }) => formatRatio(stats?.sharpe_ratio) },
  { id: 'tags', header: 'Tags', width: 6, cell: ({ tags }) => <Tags tags={tags} /> },
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

export function RunCard({ run }: { run: Run }) {
  return (
    <RowCard>
      <RunLink run={run} />
      <SignedMoney value={run.stats?.total_pnl} />
      <span className={classes.line}>
        <ModeBadge mode={run.mode} /> <RunState run={run} />
      </span>
      <span className={classes.dim}>{run.stats ? `${formatCount(run.stats.total_trades)} trades` : ''}</span>
      <span className={classes.dim}>
        {run.strategy_id} · <Markets run={run} />
      </span>
      <span className={classes.dim}>
        <ZonedTime at={run.created_at} />
      </span>
    </RowCard>
  );
}

function RunLink({ run }: { run: Run }) {
  return (
    <Link to="/runs/$runId" params={{ runId: run.id }} className={classes.link} title={runTitle(run)}>
      {runTitle(run)}
    </Link>
  );
}

function Markets({ run }: { run: Run }) {
  return (
    <span title={`${run.symbols.join(', ')} ${run.timeframe}`}>
      {run.symbols.join(', ')} <span className={classes.dim}>{run.timeframe}</span>
    </span>
  );
}

function RunState({ run }: { run: Run }) {
  return (
    <span title={run.error?.message}>
      <StatusBadge status={run.status} />
      {run.status === 'running' && <Progress run={run} />}
    </span>
  );
}

function Progress({ run }: { run: Run }) {
  const progress = useRunProgress(run);
  if (progress === null) return null;
  return <span className={classes.progress}>{Math.floor(progress * 100)}%</span>;
}
