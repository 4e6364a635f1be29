import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../../lib/api';

export function useNotificationChannels() {
  return useQuery({
    queryKey: ['system', 'notifications'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/notifications', { signal })),
    refetchInterval: 5_000,
  });
}
