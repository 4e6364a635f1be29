import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useRef, useState, type SyntheticEvent } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import type { NewRun, StrategyEntry, SymbolCoverage } from '../../lib/api-types';
import {
  chooseMarket,
  chooseStrategy,
  firstDraft,
  readDraft,
  type BacktestDraft,
  type Problems,
} from './backtest-draft';
import classes from './backtest-form.module.css';
import { MarketFields } from './market-fields';
import { ParameterFieldSet } from './parameter-field-set';
import { parameterFields } from '../../lib/parameter-fields';

interface BacktestFormProps {
  strategies: StrategyEntry[];
  coverage: SymbolCoverage[];
  busy: boolean;
  error: unknown;
  onSubmit: (backtest: NewRun) => void;
}

export function BacktestForm({ strategies, coverage, busy, error, onSubmit }: BacktestFormProps) {
  const [draft, setDraft] = useState(() => firstDraft(strategies, coverage));
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const strategy = strategies.find((entry) => entry.name === draft.strategy);
  const reading = readDraft(draft, strategy);
  const problems: Problems = checked && !reading.ok ? reading.problems : {};
  const edit = (change: Partial<BacktestDraft>) => {
    setDraft((before) => ({ ...before, ...change }));
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setChecked(true);
    if (reading.ok) onSubmit(reading.backtest);
    else focusFirst(form.current, reading.problems);
  };
  return (
    <form ref={form} className={classes.form} data-testid="new-backtest-form" onSubmit={submit} noValidate>
      <fieldset className={classes.group}>
        <legend>Strategy and parameters</legend>
        <NativeSelect
          label="Strategy"
          name="strategy"
          className={classes.wide ?? ''}
          description={strategy?.description}
          data={strategies.map((entry) => entry.name)}
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
      </fieldset>
      <fieldset className={classes.group}>
        <legend>Market</legend>
        <MarketFields
          draft={draft}
          problems={problems}
          coverage={coverage}
          onEdit={edit}
          onMarket={(market) => {
            setDraft((before) => chooseMarket(before, market));
          }}
        />
      </fieldset>
      <fieldset className={classes.group}>
        <legend>Money</legend>
        <DecimalField label="Initial cash" name="cash" draft={draft} problems={problems} onEdit={edit} />
        <DecimalField label="Commission (bps)" name="commissionBps" draft={draft} problems={problems} onEdit={edit} />
      </fieldset>
      {error !== null && <ErrorNotice title="The backtest was not started" error={error} />}
      <div className={classes.actions}>
        <Button type="submit" data-testid="start-backtest" loading={busy}>
          Start backtest
        </Button>
      </div>
    </form>
  );
}

interface DecimalFieldProps {
  label: string;
  name: 'cash' | 'commissionBps';
  draft: BacktestDraft;
  problems: Problems;
  onEdit: (change: Partial<BacktestDraft>) => void;
}

function DecimalField({ label, name, draft, problems, onEdit }: DecimalFieldProps) {
  return (
    <TextInput
      label={label}
      name={name}
      inputMode="decimal"
      autoComplete="off"
      value={draft[name]}
      error={problems[name]}
      onChange={(event) => {
        onEdit({ [name]: event.currentTarget.value });
      }}
    />
  );
}

function focusFirst(form: HTMLFormElement | null, problems: Problems): void {
  const field = Array.from(form?.elements ?? []).find((element) => (element.getAttribute('name') ?? '') in problems);
  if (field instanceof HTMLElement) field.focus();
}
