import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../../lib/api';

export function useProcesses() {
  return useQuery({
    queryKey: ['system', 'processes'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/system/processes', { signal })),
    refetchInterval: 5_000,
  });
}
