import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DataColumn } from '../../components/data-table/data-column';
import { RowCard } from '../../components/row-card';
import { StatusBadge } from '../../components/status-badge';
import type { Sweep, Trial } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { figureLabel, figureText } from './figure-text';
import classes from './sweeps.module.css';

/** Beside the objective; of these, whichever is not the objective itself. */
const shownFigures = ['total_return', 'sharpe_ratio', 'max_drawdown', 'trades'];

/** `promote`: what makes a run of the trial. */
export function trialColumns(
  objective: string,
  dimensions: Sweep['dimensions'],
  promote: (trial: Trial) => ReactNode,
): DataColumn<Trial>[] {
  return [
    { id: 'number', header: 'Trial', width: 4, grow: 0, numeric: true, cell: ({ number }) => formatCount(number) },
    ...dimensions.map(({ name }) => ({
      id: `parameter ${name}`,
      header: name,
      width: 5,
      numeric: true,
      cell: ({ parameters }: Trial) => String(parameters[name] ?? ''),
    })),
    {
      id: 'value',
      header: figureLabel(objective),
      width: 7.5,
      numeric: true,
      cell: ({ value }) => <strong>{figureText(objective, value)}</strong>,
    },
    ...shownFigures
      .filter((name) => name !== objective)
      .map((name) => ({
        id: name,
        header: figureLabel(name),
        width: 7,
        numeric: true,
        wideOnly: true,
        cell: ({ figures, trades }: Trial) => figureText(name, name === 'trades' ? trades : figures?.[name]),
      })),
    { id: 'status', header: 'Status', width: 8, wideOnly: true, cell: (trial) => <TrialState trial={trial} /> },
    {
      id: 'promote',
      header: 'Promote',
      headerHidden: true,
      width: 7,
      grow: 0,
      cell: promote,
    },
  ];
}

function TrialState({ trial }: { trial: Trial }) {
  if (trial.feasible === false) return <span className={classes.dim}>misses a constraint</span>;
  return (
    <span title={trial.error?.message}>
      <StatusBadge status={trial.status} />
    </span>
  );
}

interface TrialCardProps {
  trial: Trial;
  objective: string;
  promote: (trial: Trial) => ReactNode;
}

export function TrialCard({ trial, objective, promote }: TrialCardProps) {
  const parameters = Object.entries(trial.parameters).map(([name, value]) => `${name} ${String(value)}`);
  return (
    <RowCard>
      <span>{parameters.join(', ')}</span>
      <strong>{figureText(objective, trial.value)}</strong>
      <span className={classes.dim}>
        Trial {formatCount(trial.number)} <TrialState trial={trial} />
      </span>
      {promote(trial)}
    </RowCard>
  );
}

interface PromoteButtonProps {
  trial: Trial;
  busy: boolean;
  onPromote: (number: number) => void;
}

export function PromoteButton({ trial: { number, status }, busy, onPromote }: PromoteButtonProps) {
  if (status !== 'completed') return null;
  return (
    <Button
      size="compact-xs"
      variant="default"
      data-testid="promote-trial"
      title="Run it as a backtest with everything recorded"
      aria-label={`Promote trial ${number}`}
      loading={busy}
      onClick={(event) => {
        event.stopPropagation();
        onPromote(number);
      }}
    >
      Promote
    </Button>
  );
}
