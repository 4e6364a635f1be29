import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answerOf, api, command } from '../../../lib/api';
import type { ReadModel } from '../../../lib/api-types';
import { uniqueKey } from '../../../lib/unique-key';
import { readModelsKey } from '../../../lib/requests/get-read-models';

function rebuildReadModel(name: string): Promise<ReadModel> {
  const params = { path: { name } };
  return answerOf(api.POST('/api/v1/system/read-models/{name}/rebuild', { params, ...command(uniqueKey()) }));
}

export function useRebuildReadModel(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => rebuildReadModel(name),
    onSettled: () => client.invalidateQueries({ queryKey: readModelsKey }),
  });
}
