/** Events whose text holds some words. The server does not search the journal, so what was read of it is searched here. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { fetchAdded, fetchEarlier, fetchNewest, type JournalCopy, type Selection } from './journal-copy';
import { runEventsKey } from './run-events';

const pages = 40;
/** How many events are read at once: the newest at first, then the ones before them for the asking. */
export const readAtOnce = pages * 500;

export function useSearchedEvents(chosen: Selection) {
  const client = useQueryClient();
  const queryKey = [...runEventsKey(chosen.runId), 'copy', chosen.types];
  const copy = useQuery({
    queryKey,
    queryFn: ({ signal }) => {
      const known = client.getQueryData<JournalCopy>(queryKey);
      return known === undefined || known.events.length === 0
        ? fetchNewest(chosen, pages, signal)
        : fetchAdded(chosen, known, signal);
    },
    structuralSharing: false,
  });
  const earlier = useMutation({
    mutationFn: () => fetchEarlier(chosen, client.getQueryData<JournalCopy>(queryKey)?.firstPage ?? 1, pages),
    onSuccess: ({ firstPage, events }) => {
      client.setQueryData<JournalCopy>(
        queryKey,
        (known) => known && { firstPage, events: [...events, ...known.events] },
      );
    },
  });
  return { copy, earlier };
}
