import { Button } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import type { Run } from '../../lib/api-types';
import { useStopRun } from './api/stop-run';

export function StopButton({ run }: { run: Run }) {
  const stop = useStopRun(run.id);
  const stoppable = ['pending', 'running', 'paused'].includes(run.status);
  if (stop.isError) {
    const retry = () => {
      stop.mutate();
    };
    return <ErrorNotice title="The run was not stopped" error={stop.error} {...(stoppable && { onRetry: retry })} />;
  }
  if (!stoppable) return null;
  return (
    <Button
      variant="default"
      size="sm"
      data-testid="stop-run"
      // Accepted is not yet stopped: the button waits for the event that says so.
      loading={stop.isPending || stop.isSuccess}
      onClick={() => {
        stop.mutate();
      }}
    >
      Stop
    </Button>
  );
}
