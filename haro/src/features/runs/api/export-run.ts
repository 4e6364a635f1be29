/** A run as one file. It is fetched rather than linked to, so that the key goes in a header and never in an address. */
import { useMutation } from '@tanstack/react-query';
import { ApiError } from '../../../lib/api-error';
import { answerOf, api } from '../../../lib/api';
import { saveFile } from '../../../lib/save-file';

const mediaType = 'application/gzip';

async function fetchRunFile(runId: string): Promise<Blob> {
  const params = { path: { run_id: runId } };
  const asked = api.GET('/api/v1/runs/{run_id}/export', { params, parseAs: 'blob', headers: { Accept: mediaType } });
  return answerOf(asked).catch((error: unknown) => {
    if (error instanceof ApiError) throw error;
    const message = 'The file broke off before its end, and nothing was saved. Try again.';
    throw new ApiError({ status: 0, code: 'BROKEN_OFF', message });
  });
}

export function useExportRun(runId: string) {
  return useMutation({
    mutationFn: async () => {
      saveFile(await fetchRunFile(runId), `${runId}.weaver.gz`);
    },
  });
}
