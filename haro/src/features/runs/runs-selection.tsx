import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ConfirmDialog } from '../../components/confirm-dialog';
import type { SparseRows } from '../../components/data-table/data-column';
import type { Run } from '../../lib/api-types';
import { useDeleteRuns } from './api/delete-runs';
import { runTitle } from './run-title';
import classes from './runs-page.module.css';

interface RunsSelectionProps {
  selected: ReadonlySet<string>;
  rows: SparseRows<Run>;
  onSelect: (selected: ReadonlySet<string>) => void;
}

/** What can be done with the selected runs. Those that a filter hides are not touched. */
export function RunsSelection({ selected, rows, onSelect }: RunsSelectionProps) {
  const [asking, setAsking] = useState(false);
  const deleting = useDeleteRuns();
  const runs = selectedRuns(rows, selected);
  if (runs.length === 0) return null;
  const noun = runs.length === 1 ? 'run' : 'runs';
  return (
    <>
      <span className={classes.selected}>{runs.length} selected</span>
      <Button
        size="sm"
        variant="default"
        disabled={runs.length < 2}
        title={runs.length < 2 ? 'Select two runs or more' : undefined}
        renderRoot={(button) => (
          <Link {...button} to="/compare" search={{ runs: runs.map(({ id }) => id).join(',') }} />
        )}
      >
        Compare
      </Button>
      <Button
        size="sm"
        variant="default"
        onClick={() => {
          setAsking(true);
        }}
      >
        Delete…
      </Button>
      <ConfirmDialog
        open={asking}
        title={`Delete ${runs.length} ${noun}?`}
        confirm={`Delete ${runs.length} ${noun}`}
        dangerous
        busy={deleting.isPending}
        onClose={() => {
          setAsking(false);
        }}
        onConfirm={() => {
          deleting.mutate(runs, {
            onSuccess: (gone) => {
              onSelect(new Set([...selected].filter((id) => !gone.includes(id))));
              setAsking(false);
            },
          });
        }}
      >
        <p>They leave every list, with their orders and trades. A run that is at work is refused: stop it first.</p>
        <ul className={classes.list}>
          {runs.map((run) => (
            <li key={run.id}>
              {runTitle(run)} ({run.mode}, {run.status})
            </li>
          ))}
        </ul>
      </ConfirmDialog>
    </>
  );
}

function selectedRuns(rows: SparseRows<Run>, selected: ReadonlySet<string>): Run[] {
  const found: Run[] = [];
  for (let index = 0; index < rows.length && found.length < selected.size; index += 1) {
    const run = rows.at(index);
    if (run !== undefined && selected.has(run.id)) found.push(run);
  }
  return found;
}
