import { useQuery } from '@tanstack/react-query';
import type { EquityPoint } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const runEquityKey = (runId: string) => ['runs', 'equity', runId] as const;

function fetchRunEquity(runId: string, signal: AbortSignal): Promise<{ items: EquityPoint[] }> {
  return answerOf(api.GET('/api/v1/runs/{run_id}/equity', { params: { path: { run_id: runId } }, signal }));
}

export function useRunEquity(runId: string) {
  return useQuery({ queryKey: runEquityKey(runId), queryFn: ({ signal }) => fetchRunEquity(runId, signal) });
}
