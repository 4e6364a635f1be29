import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { DataTable } from '../../components/data-table/data-table';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import type { Sweep, Trial } from '../../lib/api-types';
import { usePromotion } from './api/sweep-commands';
import { useBestTrials } from './api/get-trials';
import { PromoteButton, TrialCard, trialColumns } from './trial-columns';
import classes from './sweeps.module.css';

/** The trials, the best first, each with a way to become a run. */
export function TrialsPanel({ sweep, window }: { sweep: Sweep; window: number | null }) {
  const navigate = useNavigate();
  const trials = useBestTrials(sweep.id, window);
  const promotion = usePromotion(sweep.id);
  const { mutate, isPending, variables } = promotion;
  const promote = useCallback(
    (trial: Trial) => (
      <PromoteButton
        trial={trial}
        busy={isPending && variables === trial.number}
        onPromote={(number) => {
          mutate(number, { onSuccess: (run) => void navigate({ to: '/runs/$runId', params: { runId: run.id } }) });
        }}
      />
    ),
    [isPending, variables, mutate, navigate],
  );
  const columns = useMemo(
    () => trialColumns(sweep.objective, sweep.dimensions, promote),
    [sweep.objective, sweep.dimensions, promote],
  );
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
          card={(trial) => <TrialCard trial={trial} objective={sweep.objective} promote={promote} />}
          cardHeight={72}
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
