/** A run beside a backtest of the bars it saw. It is computed for the asking, so it is never asked for again unbidden. */
import { useQuery } from '@tanstack/react-query';
import type { Parity } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

function fetchParity(runId: string, signal: AbortSignal): Promise<Parity> {
  return answerOf(api.GET('/api/v1/runs/{run_id}/parity', { params: { path: { run_id: runId } }, signal }));
}

export function useParity(runId: string) {
  return useQuery({
    queryKey: ['parity', runId],
    queryFn: ({ signal }) => fetchParity(runId, signal),
    staleTime: 'static',
    // The server has already waited as long as it waits: the reader decides whether it is worth another try.
    retry: false,
  });
}
