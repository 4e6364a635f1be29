import { Button } from '@mantine/core';
import { notifyFailed } from '../../lib/notify';
import { useExportRun } from './api/export-run';

/** Saves the run as one file, which `weaver run import` takes elsewhere. */
export function ExportButton({ runId }: { runId: string }) {
  const exporting = useExportRun(runId);
  return (
    <Button
      size="xs"
      variant="default"
      title="Save the run with its bars and its strategy as one file, for weaver run import"
      data-testid="export-run"
      loading={exporting.isPending}
      onClick={() => {
        exporting.mutate(undefined, {
          onError: (error) => {
            notifyFailed('The run was not exported', error);
          },
        });
      }}
    >
      Export
    </Button>
  );
}
