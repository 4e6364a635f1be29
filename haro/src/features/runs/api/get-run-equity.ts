import { useQuery } from '@tanstack/react-query';
import type { EquityPoint } from '../../../lib/api-types';
import { apiGet } from '../../../lib/http';

export const runEquityKey = (runId: string) => ['runs', 'equity', runId] as const;

function fetchRunEquity(runId: string, signal: AbortSignal): Promise<{ items: EquityPoint[] }> {
  return apiGet(`/runs/${encodeURIComponent(runId)}/equity`, { signal });
}

export function useRunEquity(runId: string) {
  return useQuery({ queryKey: runEquityKey(runId), queryFn: ({ signal }) => fetchRunEquity(runId, signal) });
}
