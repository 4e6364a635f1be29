/** Events whose text holds some words. The server does not search the journal, so the newest part of it is searched here. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { fetchAdded, fetchNewest, type JournalCopy, type Selection } from './journal-copy';
import { runEventsKey } from './run-events';

const pages = 40;
/** How many of the newest events are searched. */
export const mostSearched = pages * 500;

export function useSearchedEvents(chosen: Selection, wanted: boolean) {
  const client = useQueryClient();
  const queryKey = [...runEventsKey(chosen.runId), 'copy', chosen.types];
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => {
      const known = client.getQueryData<JournalCopy>(queryKey);
      return known === undefined ? fetchNewest(chosen, pages, signal) : fetchAdded(chosen, known, signal);
    },
    enabled: wanted,
    structuralSharing: false,
  });
}
