/** All fills of a run, oldest first: as many pages as they need, and after that only what is new. */
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import type { Fill } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';
import { withNewer } from '../known-fills';

export const runFillsKey = (runId: string) => ['runs', 'fills', runId] as const;

const pageSize = 500;
/** More than anybody can tell apart on a chart. */
const mostPages = 100;

export interface RunFills {
  /** Oldest first. */
  fills: Fill[];
  /** Whether none is missing. */
  complete: boolean;
  total: number;
}

async function fetchRunFills(client: QueryClient, runId: string, signal: AbortSignal): Promise<RunFills> {
  const known = client.getQueryData<RunFills>(runFillsKey(runId));
  let newest: Fill[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const query: { page_size: number; cursor?: string } = { page_size: pageSize, ...(cursor !== null && { cursor }) };
    const params = { path: { run_id: runId }, query };
    const answer = await answerOf(api.GET('/api/v1/runs/{run_id}/fills', { params, signal }));
    newest = [...newest, ...answer.items];
    const joined = known?.complete === true ? withNewer(known.fills, newest) : null;
    if (joined !== null) return { fills: joined, complete: true, total: answer.total };
    if (answer.next_cursor === null) return { fills: newest.reverse(), complete: true, total: answer.total };
    cursor = answer.next_cursor;
    if (page + 1 === mostPages) return { fills: newest.reverse(), complete: false, total: answer.total };
  }
  return { fills: newest.reverse(), complete: false, total: newest.length };
}

export function useRunFills(runId: string) {
  const client = useQueryClient();
  return useQuery({
    queryKey: runFillsKey(runId),
    queryFn: ({ signal }) => fetchRunFills(client, runId, signal),
    staleTime: 60_000,
    structuralSharing: false,
  });
}
