/** The run's events by their place in the run, one of which is shown; its position is in the address. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Envelope } from '../../../lib/api-types';
import { placeOfMoment } from '../event-places';
import { fetchEvents } from './journal-copy';
import { runEventsKey } from './run-events';

const pageSize = 100;

export interface EventPlaces {
  total: number;
  /** Of the event shown, from 0. */
  place: number;
  /** Undefined while it is on its way. */
  event: Envelope | undefined;
  error: unknown;
  isLoading: boolean;
  go: (place: number) => void;
}

export function useEventPlaces(
  runId: string,
  at: number | string | null,
  onPosition: (position: number) => void,
): EventPlaces {
  const client = useQueryClient();
  const chosen = { runId, types: [] };
  const count = useQuery({
    queryKey: [...runEventsKey(runId), 'count'],
    queryFn: async ({ signal }) => (await fetchEvents(chosen, 1, 1, signal)).total ?? 0,
    placeholderData: keepPreviousData,
  });
  const total = count.data ?? 0;
  const [wanted, setWanted] = useState<number | null>(null);

  const pageKey = (page: number) => ['event-places', runId, page, Math.min(pageSize, total - (page - 1) * pageSize)];
  const pageOf = (place: number) => Math.floor(place / pageSize) + 1;
  const fetchPage =
    (page: number) =>
    async ({ signal }: { signal: AbortSignal }) =>
      (await fetchEvents(chosen, page, pageSize, signal)).items;
  const eventAt = async (place: number) => {
    const page = pageOf(place);
    const items = await client.query({
      queryKey: pageKey(page),
      queryFn: fetchPage(page),
      staleTime: 'static',
    });
    return items[place % pageSize];
  };

  // The address names a position; where it lies among the run's events has to be looked for.
  const found = useQuery({
    queryKey: ['event-place-of', runId, at, total > 0],
    queryFn: () => placeOfMoment(at ?? 0, total, eventAt),
    enabled: at !== null && total > 0,
    staleTime: Infinity,
    structuralSharing: false,
  });
  const place = Math.min(Math.max(0, total - 1), wanted ?? (at === null ? total - 1 : (found.data ?? 0)));
  const isFound = wanted !== null || at === null || found.data !== undefined;
  const page = useQuery({
    queryKey: pageKey(pageOf(place)),
    queryFn: fetchPage(pageOf(place)),
    enabled: total > 0 && isFound,
    staleTime: Infinity,
  });
  const event = isFound ? page.data?.[place % pageSize] : undefined;

  // Once the wanted event is known, the address names it.
  const position = event?.position ?? null;
  useEffect(() => {
    if (wanted === null || position === null || position === at) return;
    const timer = setTimeout(() => {
      onPosition(position);
    }, 200);
    return () => {
      clearTimeout(timer);
    };
  }, [wanted, position, at, onPosition]);

  return {
    total,
    place,
    event,
    error: count.error ?? found.error ?? page.error,
    isLoading: count.data === undefined || !isFound,
    go: setWanted,
  };
}
