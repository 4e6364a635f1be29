/** A list on the server as the rows of a table: only the pages in view are asked for, what was loaded stays. */
import { hashKey, useQueries, useQueryClient, type QueryClient, type QueryKey } from '@tanstack/react-query';
import { useThrottledCallback } from '@mantine/hooks';
import { useState } from 'react';
import type { Page } from '../../lib/api-types';
import type { RowRange, SparseRows } from './data-column';

interface PagedList<Row> {
  /** Of the list with its filters; a page has `[...queryKey, { page, pageSize }]`, so making this key stale refreshes all. */
  queryKey: QueryKey;
  /** Pages count from 1. */
  fetchPage: (page: number, pageSize: number, signal: AbortSignal) => Promise<Page<Row>>;
  /** At most 500, the server's limit. */
  pageSize?: number;
}

export interface PagedRows<Row> {
  /** For a table: as many as the list has, or a few blank ones until that is known. */
  rows: SparseRows<Row>;
  /** Null until the first answer. */
  total: number | null;
  /** Of the pages in view; null when all is well. */
  error: Error | null;
  retry: () => void;
  /** For the table's `onNeed`. */
  need: (range: RowRange) => void;
}

/** Blank rows while nobody knows how many there are. */
const expectedRows = 12;
/** A dragged scroll bar passes thousands of pages: only where it rests is loaded. */
const needIntervalMs = 100;

export function usePagedRows<Row>({ queryKey, fetchPage, pageSize = 200 }: PagedList<Row>): PagedRows<Row> {
  const client = useQueryClient();
  const [view, setView] = useState<RowRange>({ start: 0, end: 0 });
  const need = useThrottledCallback((range: RowRange) => {
    setView((before) => (samePages(before, range, pageSize) ? before : range));
  }, needIntervalMs);
  const pages = pagesOf(view, pageSize);
  const answers = useQueries({
    queries: pages.map((page) => ({
      queryKey: [...queryKey, { page, pageSize }],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchPage(page, pageSize, signal),
    })),
  });
  const failed = answers.find(({ isError }) => isError);
  // Read here, so that an answer that comes is drawn: an unread property of a query tells nobody that it has changed.
  const inView = answers.map(({ data, dataUpdatedAt }, at) => ({ page: pages[at] ?? 1, data, dataUpdatedAt }));
  const retry = () => {
    for (const answer of answers) if (answer.isError) void answer.refetch();
  };
  return {
    ...readList([...cachedPages<Row>(client, queryKey, pageSize), ...inView], pageSize),
    error: failed?.error ?? null,
    retry,
    need,
  };
}

interface LoadedPage<Row> {
  page: number;
  data: Page<Row> | undefined;
  dataUpdatedAt: number;
}

/** What the cache holds of a list, in view or not. */
function cachedPages<Row>(client: QueryClient, queryKey: QueryKey, pageSize: number): LoadedPage<Row>[] {
  const hash = hashKey(queryKey);
  return client
    .getQueryCache()
    .findAll({ queryKey })
    .flatMap((query) => {
      const place = query.queryKey.at(-1) as { page: number; pageSize: number };
      // The cache finds lists with further filters too.
      const isOfList = hashKey(query.queryKey.slice(0, -1)) === hash && place.pageSize === pageSize;
      const { data, dataUpdatedAt } = query.state as { data: Page<Row> | undefined; dataUpdatedAt: number };
      return isOfList ? [{ page: place.page, data, dataUpdatedAt }] : [];
    });
}

/** The newest answer knows best how long the list is. */
export function readList<Row>(pages: LoadedPage<Row>[], pageSize: number) {
  const answered = pages.filter(({ data }) => data !== undefined);
  const items = new Map(answered.map(({ page, data }) => [page, data?.items] as const));
  const newest = answered.reduce<LoadedPage<Row> | null>(
    (best, page) => (best === null || page.dataUpdatedAt >= best.dataUpdatedAt ? page : best),
    null,
  );
  const total = newest?.data?.total ?? null;
  const rows: SparseRows<Row> = {
    length: total ?? expectedRows,
    at: (index) => items.get(Math.floor(index / pageSize) + 1)?.[index % pageSize],
  };
  return { rows, total };
}

export function pagesOf({ start, end }: RowRange, pageSize: number): number[] {
  const first = Math.floor(Math.max(0, start) / pageSize) + 1;
  const last = Math.floor(Math.max(0, end) / pageSize) + 1;
  return Array.from({ length: last - first + 1 }, (_, step) => first + step);
}

function samePages(left: RowRange, right: RowRange, pageSize: number): boolean {
  return pagesOf(left, pageSize).join() === pagesOf(right, pageSize).join();
}
