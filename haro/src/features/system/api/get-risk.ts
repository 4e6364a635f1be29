import { useQuery } from '@tanstack/react-query';
import type { Risk } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const riskKey = ['risk'] as const;

function fetchRisk(signal: AbortSignal): Promise<Risk> {
  return answerOf(api.GET('/api/v1/risk', { signal }));
}

/** Whether trading is halted. Asked for by the clock too: it must be right even when an event was missed. */
export function useRisk() {
  return useQuery({ queryKey: riskKey, queryFn: ({ signal }) => fetchRisk(signal), refetchInterval: 30_000 });
}
