import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { DataColumn } from '../../components/data-table/data-column';
import { DataTable } from '../../components/data-table/data-table';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { StatusBadge } from '../../components/status-badge';
import type { Sweep, Trial } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { usePromotion } from './api/sweep-commands';
import { useBestTrials } from './api/get-trials';
import { figureLabel, figureText } from './figure-text';
import classes from './sweeps.module.css';

/** Beside the objective; of these, whichever is not the objective itself. */
const shownFigures = ['total_return', 'sharpe_ratio', 'max_drawdown', 'trades'];

/** The trials, the best first, each with a way to become a run. */
export function TrialsPanel({ sweep, window }: { sweep: Sweep; window: number | null }) {
  const navigate = useNavigate();
  const trials = useBestTrials(sweep.id, window);
  const promotion = usePromotion(sweep.id);
  const { mutate, isPending, variables } = promotion;
  const columns = useMemo(() => {
    const promote = (number: number) => {
      mutate(number, { onSuccess: (run) => void navigate({ to: '/runs/$runId', params: { runId: run.id } }) });
    };
    return trialColumns(sweep.objective, sweep.dimensions, isPending ? variables : null, promote);
  }, [sweep.objective, sweep.dimensions, isPending, variables, mutate, navigate]);
  return (
    <Panel title={window === null ? 'Trials, the best first' : `Trials of window ${window + 1}, the best first`} flush>
      {(promotion.error ?? trials.error) && (
        <div className={classes.notice}>
          {promotion.error && <ErrorNotice title="The trial was not made a run" error={promotion.error} />}
          {trials.error && (
            <ErrorNotice title="The trials could not be loaded" error={trials.error} onRetry={trials.retry} />
          )}
        </div>
      )}
      {(trials.total !== null || trials.error === null) && (
        <DataTable
          label="Trials"
          testId="trials-table"
          columns={columns}
          rows={trials.rows}
          onNeed={trials.need}
          rowKey={trialKey}
          rowName={trialName}
          rowData={trialData}
          maxHeight="26rem"
          inPanel
          empty={<EmptyState title="No trials yet">They appear here as they begin.</EmptyState>}
        />
      )}
    </Panel>
  );
}

const trialKey = (trial: Trial) => String(trial.number);
const trialName = (trial: Trial) => `trial ${trial.number}`;
const trialData = (trial: Trial) => ({ 'data-testid': 'trial-row', 'data-trial': String(trial.number) });

function trialColumns(
  objective: string,
  dimensions: Sweep['dimensions'],
  promoting: number | null,
  promote: (number: number) => void,
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
      width: 6,
      grow: 0,
      cell: ({ number, status }) =>
        status === 'completed' && (
          <Button
            size="compact-xs"
            variant="default"
            data-testid="promote-trial"
            title="Run it as a backtest with everything recorded"
            loading={promoting === number}
            onClick={(event) => {
              event.stopPropagation();
              promote(number);
            }}
          >
            Promote
          </Button>
        ),
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
