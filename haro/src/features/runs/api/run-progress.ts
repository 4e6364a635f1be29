/** Progress arrives on the event stream only; it has its own place in the cache so that a refetch cannot turn it back. */
import { skipToken, useQuery, type QueryClient } from '@tanstack/react-query';
import type { Run } from '../../../lib/api-types';

const runProgressKey = (runId: string) => ['run-progress', runId] as const;

export function recordRunProgress(client: QueryClient, runId: string, progress: number): void {
  client.setQueryData<number>(runProgressKey(runId), progress);
}

/** 0..1, the further of what was streamed and what the run says; null if neither is known. */
export function useRunProgress(run: Run): number | null {
  const { data: streamed } = useQuery<number>({
    queryKey: runProgressKey(run.id),
    queryFn: skipToken,
    staleTime: Infinity,
  });
  const stored = run.progress ?? undefined;
  const known = [streamed, stored].filter((value) => value !== undefined);
  return known.length > 0 ? Math.min(1, Math.max(...known)) : null;
}
