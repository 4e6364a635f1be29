import { useQuery } from '@tanstack/react-query';
import type { Page, Run } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

/** Under the key of the lists of runs, so that whatever makes those old makes this old. */
const runNamesKey = ['runs', 'list', 'names'] as const;
const mostRuns = 500;

function fetchRuns(signal: AbortSignal): Promise<Page<Run>> {
  return answerOf(api.GET('/api/v1/runs', { params: { query: { page: 1, page_size: mostRuns } }, signal }));
}

export interface NamedRun {
  id: string;
  name: string;
  mode: Run['mode'];
}

/** The newest runs by name: orders carry only the id of theirs. */
export function useRunNames() {
  return useQuery({
    queryKey: runNamesKey,
    queryFn: ({ signal }) => fetchRuns(signal),
    staleTime: 60_000,
    select: namesById,
  });
}

function namesById({ items }: Page<Run>): ReadonlyMap<string, NamedRun> {
  return new Map(items.map((run) => [run.id, named(run)]));
}

function named({ id, name, strategy_id, mode }: Run): NamedRun {
  return { id, name: name === '' ? `${strategy_id} ${id.slice(-6)}` : name, mode };
}
