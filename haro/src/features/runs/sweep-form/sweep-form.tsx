import { Button, NativeSelect } from '@mantine/core';
import { useRef, useState, type ReactNode, type SyntheticEvent } from 'react';
import { ErrorNotice } from '../../../components/error-notice';
import type { NewSweep, StrategyEntry, SymbolCoverage } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { parameterFields } from '../../../lib/parameter-fields';
import { DraftText } from '../draft-fields';
import { LimitFields, MoneyFields } from '../limit-fields';
import { MarketFields } from '../market-fields';
import { chooseMarkets, chooseStrategy, type RunDraft } from '../run-draft';
import classes from '../run-form.module.css';
import { SearchFields, WalkFields } from './search-fields';
import { combinationsOf, readSweep, type SweepDraft } from './sweep-draft';
import { VaryFields } from './vary-fields';

interface SweepFormProps {
  initial: SweepDraft;
  strategies: StrategyEntry[];
  coverage: SymbolCoverage[];
  busy: boolean;
  error: unknown;
  onSubmit: (sweep: NewSweep) => void;
}

export function SweepForm({ initial, strategies, coverage, busy, error, onSubmit }: SweepFormProps) {
  const [draft, setDraft] = useState(initial);
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const strategy = strategies.find((entry) => entry.name === draft.run.strategy && entry.error === null);
  const reading = readSweep(draft, strategy);
  const problems = checked && !reading.ok ? reading.problems : {};
  const edit = (change: Partial<SweepDraft>) => {
    setDraft((before) => ({ ...before, ...change }));
  };
  const editRun = (change: (run: RunDraft) => RunDraft) => {
    setDraft((before) => ({ ...before, run: change(before.run) }));
  };
  const shared = {
    draft: draft.run,
    problems,
    onEdit: (change: Partial<RunDraft>) => {
      editRun((run) => ({ ...run, ...change }));
    },
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setChecked(true);
    if (reading.ok) onSubmit(reading.sweep);
    else focusFirst(form.current, reading.problems);
  };
  return (
    <form ref={form} className={classes.form} data-testid="new-sweep-form" onSubmit={submit} noValidate>
      <Group legend="Strategy, and what is varied">
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
          value={draft.run.strategy}
          error={problems.strategy}
          onChange={(event) => {
            const chosen = strategies.find(({ name }) => name === event.currentTarget.value);
            setDraft((before) => ({ ...before, run: chooseStrategy(before.run, chosen), vary: {} }));
          }}
        />
        <VaryFields
          fields={parameterFields(strategy?.parameters ?? null)}
          draft={draft}
          problems={problems}
          onEdit={edit}
        />
      </Group>
      <Group legend="Search">
        <SearchFields draft={draft} problems={problems} onEdit={edit} />
      </Group>
      <Group legend="Market">
        <MarketFields
          {...shared}
          coverage={coverage}
          onMarkets={(symbols, timeframe) => {
            editRun((run) => chooseMarkets(run, symbols, timeframe, coverage));
          }}
        />
      </Group>
      <Group legend="Walk-forward">
        <WalkFields draft={draft} problems={problems} onEdit={edit} />
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
      <Group legend="Name">
        <DraftText {...shared} label="Name" name="name" hint="Empty: made from strategy and market." />
      </Group>
      {error !== null && <ErrorNotice title="The sweep was not created" error={error} />}
      <div className={classes.actions}>
        <Button type="submit" data-testid="start-sweep" loading={busy}>
          {startLabel(draft)}
        </Button>
      </div>
    </form>
  );
}

function startLabel(draft: SweepDraft): string {
  const count = draft.method === 'grid' ? combinationsOf(draft) : Number(draft.trials) || null;
  if (count === null) return 'Start sweep';
  return `Start sweep of ${formatCount(count)} ${count === 1 ? 'trial' : 'trials'}${draft.inSample.trim() === '' ? '' : ' a window'}`;
}

function Group({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <fieldset className={classes.group}>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}

function focusFirst(form: HTMLFormElement | null, problems: Record<string, string>): void {
  const fields = [...(form?.querySelectorAll<HTMLElement>('[name]') ?? [])];
  fields.find((field) => (field.getAttribute('name') ?? '').split(' ').some((name) => name in problems))?.focus();
}
