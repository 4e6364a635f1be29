import { useQuery } from '@tanstack/react-query';
import type { ReadModel } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

function fetchReadModels(signal: AbortSignal): Promise<{ items: ReadModel[] }> {
  return answerOf(api.GET('/api/v1/system/read-models', { signal }));
}

export function useReadModels() {
  return useQuery({
    queryKey: ['read-models', 'overview'],
    queryFn: ({ signal }) => fetchReadModels(signal),
    refetchInterval: 10_000,
  });
}
