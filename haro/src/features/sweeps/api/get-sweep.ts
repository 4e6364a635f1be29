import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../../lib/api';

export const sweepKey = (sweepId: string) => ['sweeps', 'one', sweepId] as const;

export function useSweep(sweepId: string) {
  return useQuery({
    queryKey: sweepKey(sweepId),
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/sweeps/{sweep_id}', { params: { path: { sweep_id: sweepId } }, signal })),
  });
}
