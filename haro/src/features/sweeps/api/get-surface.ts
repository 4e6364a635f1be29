import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../../lib/api';

export const surfaceKey = (sweepId: string) => ['sweeps', 'surface', sweepId] as const;

/** What every trial came to, the best first. `window` null: of all windows of a walk, or of a sweep without one. */
export function useSurface(sweepId: string, window: number | null) {
  return useQuery({
    queryKey: [...surfaceKey(sweepId), window],
    queryFn: ({ signal }) => {
      const query = window === null ? {} : { window };
      return answerOf(
        api.GET('/api/v1/sweeps/{sweep_id}/surface', { params: { path: { sweep_id: sweepId }, query }, signal }),
      );
    },
    placeholderData: keepPreviousData,
  });
}
