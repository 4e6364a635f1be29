import { TextInput } from '@mantine/core';
import { MomentField } from '../../components/moment-field';
import { toFieldMinute } from '../../lib/time-format';
import type { Problems } from './read-draft';
import type { AmountField, Amounts } from './run-amounts';
import type { RunDraft } from './run-draft';

/** What every part of the form gets. */
export interface DraftProps {
  draft: RunDraft;
  problems: Problems;
  onEdit: (change: Partial<RunDraft>) => void;
}

type TextName = 'cash' | 'volumeCap' | 'warmupBars' | 'leverage' | 'maintenance' | 'name';

interface DraftTextProps extends DraftProps {
  label: string;
  name: TextName;
  hint?: string;
  inputMode?: 'decimal' | 'numeric' | 'text';
}

export function DraftText({ draft, problems, onEdit, label, name, hint, inputMode }: DraftTextProps) {
  return (
    <TextInput
      label={label}
      name={name}
      description={hint}
      {...(inputMode && { inputMode })}
      autoComplete="off"
      value={draft[name]}
      error={problems[name]}
      onChange={(event) => {
        onEdit({ [name]: event.currentTarget.value });
      }}
    />
  );
}

interface DraftMomentProps extends DraftProps {
  label: string;
  name: 'start' | 'end';
}

/** The draft keeps the minute in UTC, whichever zone it is typed in. */
export function DraftMoment({ draft, problems, onEdit, label, name }: DraftMomentProps) {
  return (
    <MomentField
      label={label}
      name={name}
      value={draft[name] === '' ? '' : `${draft[name]}Z`}
      error={problems[name]}
      onChange={(moment) => {
        onEdit({ [name]: toFieldMinute(moment) });
      }}
    />
  );
}

interface AmountInputsProps {
  prefix: string;
  fields: AmountField[];
  amounts: Amounts;
  problems: Problems;
  onChange: (amounts: Amounts) => void;
}

/** One input for each; fits into a grid. */
export function AmountInputs({ prefix, fields, amounts, problems, onChange }: AmountInputsProps) {
  return fields.map(({ name, label, hint, whole = false }) => (
    <TextInput
      key={name}
      label={label}
      name={`${prefix}.${name}`}
      description={hint}
      inputMode={whole ? 'numeric' : 'decimal'}
      autoComplete="off"
      value={amounts[name] ?? ''}
      error={problems[`${prefix}.${name}`]}
      onChange={(event) => {
        onChange({ ...amounts, [name]: event.currentTarget.value });
      }}
    />
  ));
}
