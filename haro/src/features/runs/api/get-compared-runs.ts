/** Runs that are compared, each with its figures and its curve, under the keys of a single run's page. */
import { useQueries } from '@tanstack/react-query';
import { ApiError } from '../../../lib/api-error';
import { answerOf, api } from '../../../lib/api';
import type { EquityPoint, Run, RunFigures } from '../../../lib/api-types';
import { runKey } from './get-run';
import { runEquityKey } from './get-run-equity';
import { runStatsKey } from './get-run-stats';

export interface ComparedRun {
  id: string;
  /** Undefined while it is loaded, and if it cannot be. */
  run: Run | undefined;
  /** Undefined while they are loaded; empty before the run has ended. */
  figures: RunFigures | undefined;
  equity: EquityPoint[] | undefined;
  /** There is no such run. */
  isMissing: boolean;
  error: unknown;
  retry: () => void;
}

export function useComparedRuns(ids: string[]): ComparedRun[] {
  const runs = useQueries({
    queries: ids.map((run_id) => ({
      queryKey: runKey(run_id),
      queryFn: ({ signal }: Asked) =>
        answerOf(api.GET('/api/v1/runs/{run_id}', { params: { path: { run_id } }, signal })),
    })),
  });
  const figures = useQueries({
    queries: ids.map((run_id, at) => ({
      queryKey: runStatsKey(run_id),
      queryFn: ({ signal }: Asked) =>
        answerOf(api.GET('/api/v1/runs/{run_id}/stats', { params: { path: { run_id } }, signal })),
      enabled: runs[at]?.data !== undefined,
    })),
  });
  const curves = useQueries({
    queries: ids.map((run_id, at) => ({
      queryKey: runEquityKey(run_id),
      queryFn: ({ signal }: Asked) =>
        answerOf(api.GET('/api/v1/runs/{run_id}/equity', { params: { path: { run_id } }, signal })),
      enabled: runs[at]?.data !== undefined,
    })),
  });
  return ids.map((id, at) => {
    const asked = [runs[at], figures[at], curves[at]];
    const error = asked.find((query) => query?.isError === true)?.error ?? null;
    return {
      id,
      run: runs[at]?.data,
      figures: figures[at]?.data,
      equity: curves[at]?.data?.items,
      // An id that is no id at all is refused rather than not found; to the reader it is the same.
      isMissing: error instanceof ApiError && (error.status === 404 || error.status === 422),
      error,
      retry: () => {
        for (const query of asked) if (query?.isError === true) void query.refetch();
      },
    };
  });
}

interface Asked {
  signal: AbortSignal;
}
