import { CloseButton, NativeSelect, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import classes from './filter-bar.module.css';
import { MomentField } from './moment-field';

interface FilterBarProps {
  /** Shown when something is filtered. */
  onClear?: (() => void) | undefined;
  children: ReactNode;
}

/** The filters above a table, in one line where there is room. */
export function FilterBar({ onClear, children }: FilterBarProps) {
  return (
    <div className={classes.bar} role="search">
      {children}
      {onClear && (
        <button type="button" className={classes.clear} onClick={onClear}>
          Clear filters
        </button>
      )}
    </div>
  );
}

interface FilterSelectProps {
  label: string;
  value: string | undefined;
  choices: readonly (string | { value: string; label: string })[];
  onChange: (value: string | undefined) => void;
}

export function FilterSelect({ label, value = '', choices, onChange }: FilterSelectProps) {
  const listed = choices.map((choice) => (typeof choice === 'string' ? { value: choice, label: choice } : choice));
  // What an address asks for is shown even when the list does not have it.
  const missing = value !== '' && !listed.some((choice) => choice.value === value) ? [{ value, label: value }] : [];
  return (
    <NativeSelect
      size="xs"
      label={label}
      className={classes.field ?? ''}
      data={[{ value: '', label: 'All' }, ...listed, ...missing]}
      value={value}
      onChange={(event) => {
        onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value);
      }}
    />
  );
}

interface FilterTextProps {
  label: string;
  value: string | undefined;
  placeholder?: string;
  onChange: (value: string | undefined) => void;
}

/** Applied on Enter or when it is left, so that a half-typed word is not asked for. */
export function FilterText({ value = '', ...field }: FilterTextProps) {
  // An address that changes (back, clear) brings its own text.
  return <TextFilter key={value} value={value} {...field} />;
}

function TextFilter({ label, value, placeholder, onChange }: FilterTextProps & { value: string }) {
  const [typed, setTyped] = useState(value);
  const apply = (text: string) => {
    if (text !== value) onChange(text === '' ? undefined : text);
  };
  return (
    <TextInput
      size="xs"
      label={label}
      className={classes.field ?? ''}
      placeholder={placeholder}
      value={typed}
      autoComplete="off"
      rightSection={
        value !== '' && (
          <CloseButton
            size="xs"
            aria-label={`Clear ${label.toLowerCase()}`}
            onClick={() => {
              apply('');
            }}
          />
        )
      }
      onChange={(event) => {
        setTyped(event.currentTarget.value);
      }}
      onBlur={() => {
        apply(typed.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') apply(typed.trim());
      }}
    />
  );
}

interface FilterTimeProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

export function FilterTime({ label, value = '', onChange }: FilterTimeProps) {
  return (
    <MomentField
      size="xs"
      label={label}
      value={value}
      onChange={(moment) => {
        onChange(moment === '' ? undefined : moment);
      }}
    />
  );
}
