import { Skeleton } from '@mantine/core';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { Panel } from '../../../components/panel';
import { useRunStats } from '../api/get-run-stats';
import { isOver } from '../run-actions';
import type { TabProps } from '../run-tabs';
import { statisticRows, type StatisticRow } from '../statistic-rows';
import classes from './stats-tab.module.css';

/** Every figure with what it is based on, or why it is undefined. */
export function StatsTab({ run }: TabProps) {
  const stats = useRunStats(run.id);
  if (stats.data === undefined) {
    if (!stats.isError) return <Skeleton height={420} aria-label="Loading the statistics" />;
    const retry = () => void stats.refetch();
    return <ErrorNotice title="The statistics could not be loaded" error={stats.error} onRetry={retry} />;
  }
  const groups = statisticRows(stats.data);
  if (groups.length === 0)
    return (
      <EmptyState title="No statistics">
        {isOver(run)
          ? 'This run ended before it could be judged: statistics are made when a backtest completes.'
          : 'Statistics are made when a backtest completes. Overview and Trades show what there is so far.'}
      </EmptyState>
    );
  return (
    <div className={classes.groups}>
      {groups.map(([title, rows]) => (
        <Panel key={title} title={title}>
          <dl className={classes.list}>
            {rows.map((row) => (
              <StatisticEntry key={row.name} row={row} />
            ))}
          </dl>
        </Panel>
      ))}
    </div>
  );
}

function StatisticEntry({ row }: { row: StatisticRow }) {
  return (
    <div className={classes.entry} data-testid={`figure-${row.name}`}>
      <dt>{row.label}</dt>
      <dd className={classes.value} data-unknown={!row.known || undefined}>
        {row.text}
      </dd>
      <dd className={classes.basis}>{row.explanation}</dd>
    </div>
  );
}
