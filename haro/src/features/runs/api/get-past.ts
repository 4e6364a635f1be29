/** A run as it stood after a position of the journal. What was never changes, so it is asked for once. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { EquityPoint, Order, Page, Position, Run } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export interface Past {
  run: Run;
  orders: Page<Order>;
  positions: Page<Position>;
  /** The newest point; undefined where none was marked yet. */
  equity: EquityPoint | undefined;
}

const mostShown = 20;

/** `equityAt`: a backtest marks its equity at its end, so that its curve is asked for by the market's time. */
async function fetchPast(
  runId: string,
  position: number,
  equityAt: number | string,
  signal: AbortSignal,
): Promise<Past> {
  const path = { run_id: runId };
  const query = { as_of: position };
  const [run, orders, positions, equity] = await Promise.all([
    answerOf(api.GET('/api/v1/runs/{run_id}', { params: { path, query }, signal })),
    answerOf(
      api.GET('/api/v1/runs/{run_id}/orders', { params: { path, query: { ...query, page_size: mostShown } }, signal }),
    ),
    answerOf(
      api.GET('/api/v1/runs/{run_id}/positions', {
        params: { path, query: { ...query, state: 'open', page_size: mostShown } },
        signal,
      }),
    ),
    answerOf(api.GET('/api/v1/runs/{run_id}/equity', { params: { path, query: { as_of: equityAt } }, signal })),
  ]);
  return { run, orders, positions, equity: equity.items.at(-1) };
}

export function usePast(runId: string, position: number | null, equityAt: number | string) {
  return useQuery({
    queryKey: ['past', runId, position, equityAt],
    queryFn: ({ signal }) => fetchPast(runId, position ?? 0, equityAt, signal),
    enabled: position !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 60_000,
  });
}
