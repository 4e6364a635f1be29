import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Run } from '../../../lib/api-types';
import { answerOf, api, command } from '../../../lib/api';
import { notifyDone, notifyFailed } from '../../../lib/notify';
import { uniqueKey } from '../../../lib/unique-key';
import { runTitle } from '../run-title';
import { runsKey } from './get-runs';

function deleteRun(runId: string): Promise<unknown> {
  const params = { path: { run_id: runId } };
  return answerOf(api.DELETE('/api/v1/runs/{run_id}', { params, ...command(uniqueKey()) }));
}

/** One after the other; a run that is refused (it is at work, say) does not keep the others. Answers the ids that are gone. */
async function deleteRuns(runs: Run[]): Promise<string[]> {
  const gone: string[] = [];
  for (const run of runs) {
    try {
      await deleteRun(run.id);
      gone.push(run.id);
    } catch (error) {
      notifyFailed(`${runTitle(run)} was not deleted`, error);
    }
  }
  return gone;
}

export function useDeleteRuns() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deleteRuns,
    onSuccess: (gone) => {
      if (gone.length > 0) notifyDone(gone.length === 1 ? 'The run was deleted' : `${gone.length} runs were deleted`);
      return client.invalidateQueries({ queryKey: runsKey });
    },
  });
}
