import { Button, type ButtonProps } from '@mantine/core';
import { createLink, useNavigate } from '@tanstack/react-router';
import { useState, type AnchorHTMLAttributes } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import type { Run } from '../../lib/api-types';
import { useDeleteRun, useRunCommand, type RunCommand } from './api/run-commands';
import { ExportButton } from './export-button';
import { RunConfirmation } from './run-confirmation';
import { confirmationFor, deletion, isOver, possibleCommands } from './run-actions';
import classes from './run-controls.module.css';
import { runTitle } from './run-title';

const labels: Record<RunCommand, string> = {
  start: 'Start',
  pause: 'Pause',
  resume: 'Resume',
  stop: 'Stop',
  flatten: 'Flatten',
};

/** What the status becomes once the command is carried out; until then its button waits. */
const outcomes: Partial<Record<RunCommand, Run['status'][]>> = {
  pause: ['paused'],
  resume: ['running'],
  stop: ['stopped', 'completed', 'error'],
  start: ['running', 'completed', 'error', 'stopped'],
};

export function RunControls({ run }: { run: Run }) {
  const command = useRunCommand(run.id);
  const [asking, setAsking] = useState<RunCommand | 'delete' | null>(null);
  const confirmation = asking === null || asking === 'delete' ? null : confirmationFor(asking, run);
  const send = (wanted: RunCommand) => {
    command.mutate(wanted, {
      onSuccess: () => {
        setAsking(null);
      },
    });
  };
  const waitsFor = (wanted: RunCommand) =>
    command.variables === wanted &&
    (command.isPending || (command.isSuccess && outcomes[wanted]?.includes(run.status) === false));
  return (
    <div className={classes.controls}>
      <div className={classes.buttons} role="group" aria-label="Controls of the run">
        {possibleCommands(run).map((wanted) => (
          <Button
            key={wanted}
            size="xs"
            variant={wanted === 'start' || wanted === 'resume' ? 'filled' : 'default'}
            data-testid={`${wanted}-run`}
            loading={waitsFor(wanted)}
            onClick={() => {
              command.reset();
              if (confirmationFor(wanted, run) === null) send(wanted);
              else setAsking(wanted);
            }}
          >
            {labels[wanted]}
          </Button>
        ))}
        <LinkButton to="/new" search={{ clone: run.id }} size="xs" variant="default" data-testid="clone-run">
          Clone
        </LinkButton>
        <ExportButton runId={run.id} />
        {isOver(run) && (
          <Button
            size="xs"
            variant="default"
            data-testid="delete-run"
            onClick={() => {
              setAsking('delete');
            }}
          >
            Delete
          </Button>
        )}
      </div>
      {command.isError && asking === null && (
        <ErrorNotice title={`The run did not ${labels[command.variables].toLowerCase()}`} error={command.error} />
      )}
      {confirmation !== null && asking !== null && asking !== 'delete' && (
        <RunConfirmation
          confirmation={confirmation}
          nameToType={run.mode === 'live' ? runTitle(run) : null}
          busy={command.isPending}
          onConfirm={() => {
            send(asking);
          }}
          onCancel={() => {
            setAsking(null);
          }}
        >
          {command.isError && <ErrorNotice title="It was not done" error={command.error} />}
        </RunConfirmation>
      )}
      {asking === 'delete' && (
        <DeleteDialog
          run={run}
          onCancel={() => {
            setAsking(null);
          }}
        />
      )}
    </div>
  );
}

const LinkButton = createLink((props: ButtonProps & AnchorHTMLAttributes<HTMLAnchorElement>) => (
  <Button component="a" {...props} />
));

function DeleteDialog({ run, onCancel }: { run: Run; onCancel: () => void }) {
  const remove = useDeleteRun(run.id);
  const navigate = useNavigate();
  return (
    <RunConfirmation
      confirmation={deletion}
      nameToType={run.mode === 'live' ? runTitle(run) : null}
      busy={remove.isPending}
      onConfirm={() => {
        remove.mutate(undefined, { onSuccess: () => void navigate({ to: '/runs' }) });
      }}
      onCancel={onCancel}
    >
      {remove.isError && <ErrorNotice title="The run was not deleted" error={remove.error} />}
    </RunConfirmation>
  );
}
