import { Skeleton } from '@mantine/core';
import type { CSSProperties } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { Panel } from '../../../components/panel';
import type { PeriodOfRun } from '../../../lib/api-types';
import { formatSignedMoney, formatSignedPercent } from '../../../lib/number-format';
import { useRunPeriods } from '../api/get-run-periods';
import { strength, yearRows } from '../period-grid';
import type { TabProps } from '../run-tabs';
import classes from './periods-tab.module.css';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What each month made, the colour saying how far from nothing. */
export function PeriodsTab({ run }: TabProps) {
  const periods = useRunPeriods(run.id, 'month');
  if (periods.data === undefined) {
    if (!periods.isError) return <Skeleton height={220} aria-label="Loading the months" />;
    const retry = () => void periods.refetch();
    return <ErrorNotice title="The months could not be loaded" error={periods.error} onRetry={retry} />;
  }
  const rows = yearRows(periods.data.items);
  if (rows.length === 0)
    return <EmptyState title="No month yet">Months appear once the run has marked its equity.</EmptyState>;
  const largest = Math.max(0, ...periods.data.items.map(({ return: made }) => Math.abs(made ?? 0)));
  return (
    <Panel title="Returns by month" flush aside="months of the calendar, UTC">
      <div className={classes.scroll} tabIndex={0} role="region" aria-label="Returns by month, scrolls sideways">
        <table className={classes.grid}>
          <thead>
            <tr>
              <th scope="col">Year</th>
              {months.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col">Year</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ year, months: cells, whole }) => (
              <tr key={year}>
                <th scope="row">{year}</th>
                {cells.map((period, at) => (
                  <Month key={at} period={period} largest={largest} />
                ))}
                <td className={classes.whole}>{whole === null ? '' : formatSignedPercent(whole)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Month({ period, largest }: { period: PeriodOfRun | null; largest: number }) {
  if (period === null) return <td />;
  const made = period.return;
  return (
    <td
      style={made === null ? undefined : shade(made, largest)}
      title={`${formatSignedMoney(period.pnl)} quote currency`}
    >
      {formatSignedPercent(made)}
    </td>
  );
}

function shade(value: number, largest: number): CSSProperties {
  const colour = value < 0 ? 'var(--w-down)' : 'var(--w-up)';
  return { background: `color-mix(in srgb, ${colour} ${strength(value, largest)}%, transparent)` };
}
