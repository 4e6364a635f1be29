import { useQuery } from '@tanstack/react-query';
import type { Envelope } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

async function fetchEventAt(runId: string, position: number, signal: AbortSignal): Promise<Envelope | null> {
  const query = { run_id: runId, after: Math.max(0, position - 1), limit: 1 };
  const { items } = await answerOf(api.GET('/api/v1/events/tail', { params: { query }, signal }));
  return items.find((event) => event.position === position) ?? null;
}

/** The run's event at a position of the journal, null if it has none there; events never change. */
export function useEventAt(runId: string, position: number | null) {
  return useQuery({
    queryKey: ['event-at', runId, position],
    queryFn: ({ signal }) => fetchEventAt(runId, position ?? 0, signal),
    enabled: position !== null,
    staleTime: Infinity,
  });
}
