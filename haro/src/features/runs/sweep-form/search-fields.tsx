import { Checkbox, NativeSelect, TagsInput, TextInput } from '@mantine/core';
import { statisticGroups, statisticLabel } from '../../../lib/statistic-names';
import classes from '../run-form.module.css';
import type { SweepFieldsProps } from './vary-fields';
import type { SweepDraft } from './sweep-draft';

const methods: { value: SweepDraft['method']; label: string }[] = [
  { value: 'grid', label: 'All combinations (grid)' },
  { value: 'tpe', label: 'By what others came to (TPE)' },
  { value: 'random', label: 'At random' },
];
const directions: { value: SweepDraft['direction']; label: string }[] = [
  { value: 'maximize', label: 'Large' },
  { value: 'minimize', label: 'Small' },
];
/** Moments in time are no figures to rank by. */
const objectives = statisticGroups.map(([group, names]) => ({
  group,
  items: names
    .filter((name) => !/_(start|trough|recovery)$/.test(name))
    .map((name) => ({ value: name, label: statisticLabel(name) })),
}));

/** How trials are chosen, and by what they are ranked. */
export function SearchFields({ draft, problems, onEdit }: SweepFieldsProps) {
  return (
    <>
      <NativeSelect
        label="Search"
        name="method"
        data={methods}
        value={draft.method}
        onChange={(event) => {
          const chosen = methods.find(({ value }) => value === event.currentTarget.value);
          onEdit({ method: chosen?.value ?? 'grid' });
        }}
      />
      {draft.method !== 'grid' && (
        <WholeNumber {...{ draft, problems, onEdit }} label="Trials" name="trials" hint="In each window of a walk." />
      )}
      <NativeSelect
        label="Objective"
        name="objective"
        data={objectives}
        value={draft.objective}
        onChange={(event) => {
          onEdit({ objective: event.currentTarget.value });
        }}
      />
      <NativeSelect
        label="It is to be"
        name="direction"
        data={directions}
        value={draft.direction}
        onChange={(event) => {
          onEdit({ direction: event.currentTarget.value === 'minimize' ? 'minimize' : 'maximize' });
        }}
      />
      <TagsInput
        label="Constraints"
        name="constraints"
        description="Such as max_drawdown<=0.2 or total_trades>=30; Enter adds one."
        value={draft.constraints}
        acceptValueOnBlur
        onChange={(constraints) => {
          onEdit({ constraints });
        }}
      />
      <WholeNumber {...{ draft, problems, onEdit }} label="Seed" name="seed" hint="Empty: 0." />
      <Checkbox
        label="Give up hopeless trials half-way"
        name="pruning"
        className={classes.check ?? ''}
        checked={draft.pruning}
        onChange={(event) => {
          onEdit({ pruning: event.currentTarget.checked });
        }}
      />
    </>
  );
}

/** Choose on so many days, trade the next so many. */
export function WalkFields({ draft, problems, onEdit }: SweepFieldsProps) {
  const shared = { draft, problems, onEdit };
  return (
    <>
      <WholeNumber
        {...shared}
        label="Choose on (days)"
        name="inSample"
        hint="Both empty: over the whole time at once."
      />
      <WholeNumber {...shared} label="Trade the next (days)" name="outOfSample" hint="Out of sample." />
      <Checkbox
        label="Anchored: every choice sees all days since the first"
        name="anchored"
        className={classes.check ?? ''}
        checked={draft.anchored}
        onChange={(event) => {
          onEdit({ anchored: event.currentTarget.checked });
        }}
      />
    </>
  );
}

interface WholeNumberProps extends SweepFieldsProps {
  label: string;
  name: 'trials' | 'seed' | 'inSample' | 'outOfSample';
  hint: string;
}

function WholeNumber({ draft, problems, onEdit, label, name, hint }: WholeNumberProps) {
  return (
    <TextInput
      label={label}
      name={name}
      description={hint}
      inputMode="numeric"
      autoComplete="off"
      value={draft[name]}
      error={problems[name]}
      onChange={(event) => {
        onEdit({ [name]: event.currentTarget.value });
      }}
    />
  );
}
