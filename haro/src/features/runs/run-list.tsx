import type { QueryKey } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { DataTable, type DataTableProps } from '../../components/data-table/data-table';
import { usePagedRows } from '../../components/data-table/paged-rows';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import type { Page } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import classes from './run-list.module.css';

interface RunListProps<Row extends object> extends Omit<DataTableProps<Row>, 'label' | 'rows' | 'onNeed' | 'inPanel'> {
  title: string;
  /** In small letters, for sentences: "trades". */
  what: string;
  /** Of the list with its filters. */
  queryKey: QueryKey;
  fetchPage: (page: number, pageSize: number, signal: AbortSignal) => Promise<Page<Row>>;
  /** Shown above the list: filters. */
  above?: ReactNode;
}

/** A list of a run in a panel, however long it is: what is scrolled to is loaded. */
export function RunList<Row extends object>({ title, what, queryKey, fetchPage, above, ...table }: RunListProps<Row>) {
  const { rows, total, error, retry, need } = usePagedRows({ queryKey, fetchPage });
  return (
    <Panel title={title} flush aside={total !== null && `${formatCount(total)} ${what}`}>
      {above}
      {error && (
        <div className={classes.notice}>
          <ErrorNotice title={`The ${what} could not be loaded`} error={error} onRetry={retry} />
        </div>
      )}
      {(total !== null || error === null) && (
        // Filters begin a list of its own: it is scrolled to its top.
        <DataTable key={JSON.stringify(queryKey)} {...table} label={title} rows={rows} onNeed={need} inPanel />
      )}
    </Panel>
  );
}
