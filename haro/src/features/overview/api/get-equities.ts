import { useQueries } from '@tanstack/react-query';
import type { EquityPoint, Run } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

function fetchEquity(runId: string, signal: AbortSignal): Promise<{ items: EquityPoint[] }> {
  return answerOf(api.GET('/api/v1/runs/{run_id}/equity', { params: { path: { run_id: runId } }, signal }));
}

/** The equity of these runs, in their order; undefined while it is not there. */
export function useEquities(runs: Run[]): (EquityPoint[] | undefined)[] {
  const answers = useQueries({
    queries: runs.map(({ id }) => ({
      queryKey: ['runs', 'equity', id, 'overview'] as const,
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchEquity(id, signal),
    })),
  });
  return answers.map(({ data }) => data?.items);
}
