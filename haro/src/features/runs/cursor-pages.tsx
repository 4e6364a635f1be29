import { Button, Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery, type QueryKey } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import type { Page } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import classes from './cursor-pages.module.css';

export const pageSize = 50;

interface CursorPagesProps<Item> {
  title: string;
  /** In small letters, for sentences: "trades". */
  what: string;
  queryKey: QueryKey;
  fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>;
  /** Shown above the list: filters. */
  above?: ReactNode;
  /** Instead of the list when it is empty. */
  empty: ReactNode;
  children: (items: Item[]) => ReactNode;
}

/** A list a page at a time, however long it is. With other filters give it another React key: cursors belong to one list. */
export function CursorPages<Item>({
  title,
  what,
  queryKey,
  fetchPage,
  above,
  empty,
  children,
}: CursorPagesProps<Item>) {
  /** The cursor of each page from the first to the one shown. */
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const cursor = cursors.at(-1) ?? null;
  const page = useQuery({
    queryKey: [...queryKey, cursor],
    queryFn: ({ signal }) => fetchPage(cursor, signal),
    placeholderData: keepPreviousData,
  });
  const { data } = page;
  const next = data?.next_cursor ?? null;
  return (
    <Panel title={title} flush aside={data && range(cursors.length - 1, data.items.length, data.total)}>
      {above}
      {page.isError && (
        <div className={classes.notice}>
          <ErrorNotice
            title={`The ${what} could not be loaded`}
            error={page.error}
            onRetry={() => void page.refetch()}
          />
        </div>
      )}
      {data === undefined && !page.isError && <Skeleton height={240} radius={0} aria-label={`Loading the ${what}`} />}
      {data && (data.items.length > 0 ? children(data.items) : <div className={classes.empty}>{empty}</div>)}
      {(cursors.length > 1 || next !== null) && (
        <nav className={classes.pager} aria-label={`Pages of ${what}`}>
          <Button
            size="xs"
            variant="default"
            disabled={cursors.length === 1}
            onClick={() => {
              setCursors((before) => before.slice(0, -1));
            }}
          >
            Previous
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={next === null || page.isPlaceholderData}
            onClick={() => {
              setCursors((before) => [...before, next]);
            }}
          >
            Next
          </Button>
        </nav>
      )}
    </Panel>
  );
}

function range(pagesBefore: number, shown: number, total: number | null): string {
  if (shown === 0) return '';
  const first = pagesBefore * pageSize + 1;
  const span = `${formatCount(first)}–${formatCount(first + shown - 1)}`;
  return total === null ? span : `${span} of ${formatCount(total)}`;
}
