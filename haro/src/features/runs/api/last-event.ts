/** When anything last happened in a run: asked of the journal once, and from then on told by the event stream. */
import { useQuery, type QueryClient } from '@tanstack/react-query';
import type { Timestamp } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

const lastEventKey = (runId: string) => ['run-last-event', runId] as const;

/** Only for runs that are looked at: the others are asked about when they are. */
export function recordLastEvent(client: QueryClient, runId: string, at: Timestamp): void {
  client.setQueryData<Timestamp | null>(lastEventKey(runId), (before) =>
    before === undefined || (before !== null && before >= at) ? before : at,
  );
}

/** The list is oldest first, so its last page of one is the newest event. */
async function fetchLastEvent(runId: string, signal: AbortSignal): Promise<Timestamp | null> {
  const ask = (page: number) => {
    const params = { path: { run_id: runId }, query: { page, page_size: 1 } };
    return answerOf(api.GET('/api/v1/runs/{run_id}/events', { params, signal }));
  };
  const { total } = await ask(1);
  if (total === 0) return null;
  return (await ask(total)).items.at(-1)?.ts ?? null;
}

export function useLastEvent(runId: string, wanted: boolean): Timestamp | null {
  const { data } = useQuery({
    queryKey: lastEventKey(runId),
    queryFn: ({ signal }) => fetchLastEvent(runId, signal),
    enabled: wanted,
    staleTime: Infinity,
  });
  return data ?? null;
}
