/** The newest part of a run's journal, kept in the browser: asked for once, and after that only what was added. */
import type { Envelope, EventType, Page } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export interface JournalCopy {
  /** In the order of the journal. */
  events: Envelope[];
  /** The first page that is here; what was before it is not. */
  firstPage: number;
}

const pageSize = 500;
const pagesAtOnce = 4;

/** Which events: all those of a run, or those of some types. */
export interface Selection {
  runId: string;
  types: readonly EventType[];
}

export function fetchEvents(
  { runId, types }: Selection,
  page: number,
  size: number,
  signal?: AbortSignal,
): Promise<Page<Envelope>> {
  const query = { page, page_size: size, ...(types.length > 0 && { type: [...types] }) };
  const params = { path: { run_id: runId }, query };
  return answerOf(api.GET('/api/v1/runs/{run_id}/events', { params, ...(signal && { signal }) }));
}

/** Pages `first` to `last` in order, a few requests at a time. */
async function fetchPages(chosen: Selection, first: number, last: number, signal?: AbortSignal): Promise<Envelope[]> {
  const events: Envelope[] = [];
  for (let start = first; start <= last; start += pagesAtOnce) {
    const numbers = Array.from({ length: Math.min(pagesAtOnce, last - start + 1) }, (_, at) => start + at);
    const pages = await Promise.all(numbers.map((page) => fetchEvents(chosen, page, pageSize, signal)));
    events.push(...pages.flatMap(({ items }) => items));
  }
  return events;
}

/** The newest so many pages of 500. */
export async function fetchNewest(chosen: Selection, pages: number, signal: AbortSignal): Promise<JournalCopy> {
  const total = (await fetchEvents(chosen, 1, 1, signal)).total ?? 0;
  const last = Math.max(1, Math.ceil(total / pageSize));
  const firstPage = Math.max(1, last - pages + 1);
  return { events: await fetchPages(chosen, firstPage, last, signal), firstPage };
}

/** The same copy with what the journal has got since; the very same if that is nothing. */
export async function fetchAdded(chosen: Selection, copy: JournalCopy, signal: AbortSignal): Promise<JournalCopy> {
  const added: Envelope[] = [];
  let after = copy.events.at(-1)?.position ?? 0;
  for (;;) {
    const query = {
      run_id: chosen.runId,
      after,
      limit: pageSize,
      ...(chosen.types.length > 0 && { type: [...chosen.types] }),
    };
    const { items } = await answerOf(api.GET('/api/v1/events/tail', { params: { query }, signal }));
    added.push(...items);
    after = items.at(-1)?.position ?? after;
    if (items.length < pageSize) return added.length === 0 ? copy : { ...copy, events: [...copy.events, ...added] };
  }
}

/** So many pages before those that are here. */
export async function fetchEarlier(chosen: Selection, firstPage: number, pages: number): Promise<JournalCopy> {
  const first = Math.max(1, firstPage - pages);
  return { events: await fetchPages(chosen, first, firstPage - 1), firstPage: first };
}
