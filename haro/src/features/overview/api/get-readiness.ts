import { useQuery } from '@tanstack/react-query';
import type { Readiness } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

interface Answered {
  data?: Readiness;
  error?: Readiness;
  response: Response;
}

/** A server that is not ready says so with 503 and the same parts: that is an answer, not an error. */
async function fetchReadiness(signal: AbortSignal): Promise<Readiness> {
  const { data, error, response } = (await api.GET('/readyz', { signal })) as Answered;
  if (response.status === 503 && error?.database !== undefined) return error;
  return answerOf(Promise.resolve({ ...(data && { data }), error, response }));
}

export function useReadiness() {
  return useQuery({
    queryKey: ['readiness'],
    queryFn: ({ signal }) => fetchReadiness(signal),
    refetchInterval: 10_000,
  });
}
