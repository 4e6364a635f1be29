import { useQuery } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { api } from '../api';
import { errorFromAnswer } from '../api-error';
import type { Readiness } from '../api-types';

export const readinessKey = ['readiness'] as const;

/** Health is measured when it is asked for; no event tells of it. */
const refetchMs = 5_000;

const notReady = z.object({ status: z.literal('not_ready') });

/** What is down is answered with 503, and is as good an answer as any. */
async function fetchReadiness(signal: AbortSignal): Promise<Readiness> {
  const { data, error, response } = await api.GET('/readyz', { signal });
  if (data !== undefined) return data;
  if (notReady.safeParse(error).success) return error;
  throw errorFromAnswer(response.status, error, response.headers);
}

export function useReadiness() {
  return useQuery({
    queryKey: readinessKey,
    queryFn: ({ signal }) => fetchReadiness(signal),
    refetchInterval: refetchMs,
  });
}
