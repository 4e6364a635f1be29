import { Button, Skeleton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode, type SyntheticEvent } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { ZonedTime, ZoneName } from '../../../components/zoned-time';
import type { Envelope, Run, StrategyEntry } from '../../../lib/api-types';
import { parameterFields } from '../../../lib/parameter-fields';
import { useStrategies } from '../../../lib/requests/get-strategies';
import { useForkRun } from '../api/fork-run';
import { AmountInputs, DraftText } from '../draft-fields';
import { FeeCurrencyField, knownFeeCurrencies, RiskFields } from '../limit-fields';
import { ParameterFieldSet } from '../parameter-field-set';
import { costFields } from '../run-amounts';
import { focusFirst } from '../focus-first';
import { draftOf, type RunDraft } from '../run-draft';
import formClasses from '../run-form.module.css';
import { runTitle } from '../run-title';
import { marketTimeOf } from './fork-point';
import classes from './fork.module.css';
import { readFork } from './read-fork';

interface ForkFormProps {
  run: Run;
  /** From which on the fork is under its own settings. */
  event: Envelope;
}

/** The run's settings, to be changed from an event on. */
export function ForkForm(props: ForkFormProps) {
  const { run, event } = props;
  const strategies = useStrategies();
  if (strategies.data === undefined) {
    if (!strategies.isError) return <Skeleton height={420} aria-label="Loading the strategy's parameters" />;
    const retry = () => void strategies.refetch();
    return <ErrorNotice title="The form could not be prepared" error={strategies.error} onRetry={retry} />;
  }
  const strategy = strategies.data.items.find(({ name, error }) => name === run.strategy_id && error === null);
  if (strategy === undefined)
    return (
      <EmptyState
        title="The run’s strategy cannot be loaded"
        command={[`weaver strategies show ${run.strategy_id}`, `weaver run fork ${run.id} --strategy OTHER`]}
      >
        What the run did up to #{event.position} is made by its strategy. Put its file back, or try another strategy
        from the beginning.
      </EmptyState>
    );
  return <Settings {...props} strategy={strategy} />;
}

function Settings({ run, event, strategy }: ForkFormProps & { strategy: StrategyEntry }) {
  const [parent] = useState<RunDraft>(() => ({ ...draftOf(run), name: '' }));
  const [draft, setDraft] = useState(parent);
  const [checked, setChecked] = useState(false);
  const fork = useForkRun(run.id);
  const navigate = useNavigate();
  // What has no field here stays as the run has it.
  const fields = parameterFields(strategy.parameters).filter(({ kind }) => kind !== 'unsupported');
  const reading = readFork(draft, parent, fields, event.position);
  const problems = checked && !reading.ok ? reading.problems : {};
  const edit = (change: Partial<RunDraft>) => {
    setDraft((before) => ({ ...before, ...change }));
  };
  const shared = { draft, problems, onEdit: edit };
  const submit = (submitted: SyntheticEvent<HTMLFormElement>) => {
    submitted.preventDefault();
    setChecked(true);
    if (!reading.ok) {
      focusFirst(submitted.currentTarget, reading.problems);
      return;
    }
    fork.mutate(reading.fork, {
      onSuccess: ({ id }) => void navigate({ to: '/runs/$runId', params: { runId: id } }),
    });
  };
  return (
    <form className={formClasses.form} data-testid="fork-form" onSubmit={submit} noValidate>
      <ForkPoint event={event} />
      <DraftText {...shared} label="Name" name="name" hint={`Empty: fork of ${runTitle(run)}.`} />
      <fieldset className={formClasses.group}>
        <legend>Parameters of {run.strategy_id}</legend>
        <ParameterFieldSet
          fields={fields}
          values={draft.parameters}
          problems={problems}
          onChange={(name, value) => {
            setDraft((before) => ({ ...before, parameters: { ...before.parameters, [name]: value } }));
          }}
        />
        {fields.length === 0 && <p className={classes.note}>It has none that can be set here.</p>}
      </fieldset>
      <Folded title="Costs" open={hasOf(problems, 'costs.')}>
        <AmountInputs
          prefix="costs"
          fields={costFields}
          amounts={draft.costs}
          problems={problems}
          onChange={(costs) => {
            edit({ costs });
          }}
        />
        <FeeCurrencyField {...shared} choices={knownFeeCurrencies} />
      </Folded>
      <Folded title="Risk limits" open={hasOf(problems, 'limits.')}>
        <RiskFields {...shared} />
      </Folded>
      {fork.isError && <ErrorNotice title="The run was not forked" error={fork.error} />}
      <div className={classes.actions}>
        {reading.ok && reading.changes === 0 && (
          <span className={classes.dim}>Nothing is changed yet: such a fork equals its run.</span>
        )}
        <Button type="submit" loading={fork.isPending} data-testid="start-fork">
          Fork and start
        </Button>
      </div>
    </form>
  );
}

function ForkPoint({ event }: { event: Envelope }) {
  const moment = marketTimeOf(event);
  return (
    <p className={classes.point} data-testid="fork-point">
      From <strong>#{event.position}</strong> {event.type},{' '}
      {moment === null ? (
        'at the newest market time by then'
      ) : (
        <>
          market time{' '}
          <strong>
            <ZonedTime at={moment} seconds /> <ZoneName />
          </strong>
        </>
      )}
      . Up to there the fork is this run, event by event; from the next bar on it goes on with the run’s cash, positions
      and working orders. It is a backtest on the same bars: no exchange, no money.
    </p>
  );
}

function Folded({ title, open, children }: { title: string; open: boolean; children: ReactNode }) {
  return (
    <details className={formClasses.folded} open={open}>
      <summary>{title}</summary>
      <div className={formClasses.grid}>{children}</div>
    </details>
  );
}

const hasOf = (problems: Record<string, string>, prefix: string): boolean =>
  Object.keys(problems).some((name) => name.startsWith(prefix));
