import { Button, NativeSelect } from '@mantine/core';
import { useRef, useState, type ReactNode, type SyntheticEvent } from 'react';
import { ConfirmDialog } from '../../components/confirm-dialog';
import { ErrorNotice } from '../../components/error-notice';
import type { Info, NewRun, StrategyEntry, SymbolCoverage } from '../../lib/api-types';
import { focusFirst } from './focus-first';
import { LabelFields, LimitFields, MoneyFields } from './limit-fields';
import { MarketFields } from './market-fields';
import { ModeFields } from './mode-fields';
import { ParameterFieldSet } from './parameter-field-set';
import { parameterFields } from '../../lib/parameter-fields';
import { readDraft, type Problems } from './read-draft';
import { chooseMarkets, chooseStrategy, type RunDraft } from './run-draft';
import classes from './run-form.module.css';

interface RunFormProps {
  initial: RunDraft;
  strategies: StrategyEntry[];
  coverage: SymbolCoverage[];
  info: Info;
  busy: boolean;
  error: unknown;
  onSubmit: (run: NewRun) => void;
}

export function RunForm({ initial, strategies, coverage, info, busy, error, onSubmit }: RunFormProps) {
  const [draft, setDraft] = useState(initial);
  const [checked, setChecked] = useState(false);
  const [understood, setUnderstood] = useState(false);
  const [asking, setAsking] = useState<NewRun | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const strategy = strategies.find((entry) => entry.name === draft.strategy && entry.error === null);
  const reading = readDraft(draft, strategy);
  const found: Problems = {
    ...(!reading.ok && reading.problems),
    ...(draft.mode === 'live' && !understood && { understood: 'Needed for a live run.' }),
  };
  const problems = checked ? found : {};
  const edit = (change: Partial<RunDraft>) => {
    setDraft((before) => ({ ...before, ...change }));
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setChecked(true);
    if (!reading.ok || Object.keys(found).length > 0) focusFirst(form.current, found);
    else if (draft.mode === 'live') setAsking(reading.run);
    else onSubmit(reading.run);
  };
  const shared = { draft, problems, onEdit: edit };
  return (
    <form ref={form} className={classes.form} data-testid="new-backtest-form" onSubmit={submit} noValidate>
      <Group legend="Mode">
        <ModeFields {...shared} info={info} understood={understood} onUnderstood={setUnderstood} />
      </Group>
      <Group legend="Strategy and parameters">
        <NativeSelect
          label="Strategy"
          name="strategy"
          className={classes.wide ?? ''}
          description={strategy?.description}
          data={strategies.map(({ name, error: broken }) => ({
            value: name,
            label: broken === null ? name : `${name} (cannot be loaded)`,
            disabled: broken !== null,
          }))}
          value={draft.strategy}
          error={problems.strategy}
          onChange={(event) => {
            const name = event.currentTarget.value;
            setDraft((before) =>
              chooseStrategy(
                before,
                strategies.find((entry) => entry.name === name),
              ),
            );
          }}
        />
        <ParameterFieldSet
          fields={parameterFields(strategy?.parameters ?? null)}
          values={draft.parameters}
          problems={problems}
          onChange={(name, value) => {
            setDraft((before) => ({ ...before, parameters: { ...before.parameters, [name]: value } }));
          }}
        />
      </Group>
      <Group legend="Market">
        <MarketFields
          {...shared}
          coverage={coverage}
          onMarkets={(symbols, timeframe) => {
            setDraft((before) => chooseMarkets(before, symbols, timeframe, coverage));
          }}
        />
      </Group>
      <Group legend="Money and costs">
        <MoneyFields {...shared} />
      </Group>
      <details
        className={classes.folded}
        open={Object.keys(problems).some((name) => /^(limits\.|lev|maint)/.test(name))}
      >
        <summary>Account and risk limits</summary>
        <div className={classes.grid}>
          <LimitFields {...shared} />
        </div>
      </details>
      <Group legend="Name, tags and notes">
        <LabelFields {...shared} />
      </Group>
      {error !== null && <ErrorNotice title="The run was not started" error={error} />}
      <div className={classes.actions}>
        <Button
          type="submit"
          data-testid="start-backtest"
          loading={busy}
          {...(draft.mode === 'live' && { color: 'red' })}
        >
          {draft.mode === 'live' ? 'Start live run…' : `Start ${draft.mode === 'paper' ? 'paper run' : 'backtest'}`}
        </Button>
      </div>
      <ConfirmDialog
        open={asking !== null}
        title="Trade real money?"
        confirm="Start trading real money"
        dangerous
        busy={busy}
        onClose={() => {
          setAsking(null);
        }}
        onConfirm={() => {
          if (asking) onSubmit(asking);
          setAsking(null);
        }}
      >
        <p>
          <strong>{draft.strategy}</strong> will trade <strong>{draft.symbols.join(', ')}</strong> at{' '}
          <strong>{draft.exchange}</strong> with {draft.cash} of real money, from the next bar of {draft.timeframe} on,
          until you stop it. <strong>Halt</strong> at the top of every page stops all trading at once.
        </p>
      </ConfirmDialog>
    </form>
  );
}

function Group({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <fieldset className={classes.group}>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}
