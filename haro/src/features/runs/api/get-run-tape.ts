/** The market as a paper or live run saw it: the newest part of its tape, what is added, and earlier parts on demand. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { fetchAdded, fetchEarlier, fetchNewest, type JournalCopy, type Selection } from './journal-copy';

export const runTapeKey = (runId: string) => ['runs', 'tape', runId] as const;

const pages = 4;

export function useRunTape(runId: string) {
  const client = useQueryClient();
  const queryKey = runTapeKey(runId);
  const chosen: Selection = { runId, types: ['tape.ticked', 'tape.backfilled'] };
  const tape = useQuery({
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
  return { tape, earlier };
}
