import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api';
import type { ReadModel } from '../api-types';

export const readModelsKey = ['read-models'] as const;

const quietMs = 5_000;
const rebuildingMs = 500;

function fetchReadModels(signal: AbortSignal): Promise<{ items: ReadModel[] }> {
  return answerOf(api.GET('/api/v1/system/read-models', { signal }));
}

/** Asked for again and again, quickly while one is being rebuilt: no event tells of its progress. */
export function useReadModels() {
  return useQuery({
    queryKey: readModelsKey,
    queryFn: ({ signal }) => fetchReadModels(signal),
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ rebuild }) => rebuild.state === 'running') === true ? rebuildingMs : quietMs,
  });
}
