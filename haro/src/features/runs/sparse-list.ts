/** A long list that the server gives oldest first as rows of a table, the newest first: only the pages in view are asked for. */
import {
  keepPreviousData,
  useQueries,
  useQuery,
  useQueryClient,
  type QueryClient,
  type QueryKey,
} from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import type { RowRange, SparseRows } from '../../components/data-table/data-column';
import type { Page } from '../../lib/api-types';

export const sparsePageSize = 100;

export interface Places {
  /** Places from the oldest, counted from 0. */
  from: number;
  to: number;
}

/** The pages, counted from 1, that hold these places of a list so long. */
export function pagesOf({ from, to }: Places, total: number): number[] {
  if (total === 0) return [];
  const last = Math.min(total - 1, Math.max(to, 0));
  const first = Math.min(Math.max(from, 0), last);
  const [begin, end] = [Math.floor(first / sparsePageSize), Math.floor(last / sparsePageSize)];
  return Array.from({ length: end - begin + 1 }, (_, at) => begin + at + 1);
}

/** How many rows a page of a list so long has: a full one never changes, for nothing is ever taken out. */
export const rowsOn = (page: number, total: number): number =>
  Math.max(0, Math.min(sparsePageSize, total - (page - 1) * sparsePageSize));

type FetchPage<Item> = (page: number, size: number, signal: AbortSignal) => Promise<Page<Item>>;

export function useSparseList<Item>(queryKey: QueryKey, fetchPage: FetchPage<Item>) {
  const client = useQueryClient();
  const [places, setPlaces] = useState<Places | null>(null);
  const count = useQuery({
    queryKey: [...queryKey, 'count'],
    queryFn: async ({ signal }) => (await fetchPage(1, 1, signal)).total ?? 0,
    placeholderData: keepPreviousData,
  });
  const total = count.data ?? 0;
  const pages = pagesOf(places ?? { from: total - 1, to: total - 1 }, total);
  const results = useQueries({
    queries: pages.map((page) => {
      // Not under the list's own key: what makes the list longer leaves its full pages as they are.
      const key = ['page-of', ...queryKey, page];
      return {
        queryKey: [...key, rowsOn(page, total)],
        queryFn: async ({ signal }: { signal: AbortSignal }) => (await fetchPage(page, sparsePageSize, signal)).items,
        staleTime: Infinity,
        gcTime: 60_000,
        placeholderData: () => longestKnown(client, key) as Item[] | undefined,
      };
    }),
  });
  const rows: SparseRows<Item> = {
    length: total,
    at: (index) => {
      const place = total - 1 - index;
      const at = pages.indexOf(Math.floor(place / sparsePageSize) + 1);
      return results[at]?.data?.[place % sparsePageSize];
    },
  };
  const need = useCallback(
    ({ start, end }: RowRange) => {
      const next = { from: total - 1 - end, to: total - 1 - start };
      setPlaces((before) => (before?.from === next.from && before.to === next.to ? before : next));
    },
    [total],
  );
  const asked = [count, ...results];
  const retry = () => {
    for (const query of asked) if (query.isError) void query.refetch();
  };
  const failed = asked.find(({ isError }) => isError);
  return { total, isLoading: count.data === undefined, error: failed?.error ?? null, retry, rows, need };
}

/** What is known of the last page while a longer form of it is on its way. */
function longestKnown(client: QueryClient, key: QueryKey): unknown[] | undefined {
  const known = client.getQueriesData<unknown[]>({ queryKey: key }).map(([, items]) => items ?? []);
  return known.sort((a, b) => b.length - a.length)[0];
}
