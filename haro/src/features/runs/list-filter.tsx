import { NativeSelect } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './list-filter.module.css';

/** The line of filters above a list. */
export function ListFilters({ children }: { children: ReactNode }) {
  return <div className={classes.filters}>{children}</div>;
}

interface ChoiceProps<Value extends string> {
  label: string;
  /** What the choice of everything is called. */
  all: string;
  values: readonly Value[];
  value: Value | undefined;
  onChange: (value: Value | undefined) => void;
}

export function Choice<Value extends string>({ label, all, values, value, onChange }: ChoiceProps<Value>) {
  return (
    <NativeSelect
      size="xs"
      aria-label={label}
      value={value ?? ''}
      data={[{ value: '', label: all }, ...values.map((each) => ({ value: each, label: each }))]}
      onChange={(event) => {
        onChange(values.find((each) => each === event.currentTarget.value));
      }}
    />
  );
}
