import { Checkbox, NativeSelect, TextInput } from '@mantine/core';
import classes from './run-form.module.css';
import { boundsText, type ParameterField } from '../../lib/parameter-fields';

interface ParameterFieldSetProps {
  fields: ParameterField[];
  values: Record<string, string>;
  problems: Record<string, string>;
  onChange: (name: string, value: string) => void;
}

/** One input for each parameter of the strategy; fits into a grid. */
export function ParameterFieldSet({ fields, values, problems, onChange }: ParameterFieldSetProps) {
  return fields.map((field) => (
    <ParameterInput
      key={field.name}
      field={field}
      value={values[field.name] ?? ''}
      problem={problems[`parameters.${field.name}`]}
      onChange={(value) => {
        onChange(field.name, value);
      }}
    />
  ));
}

interface ParameterInputProps {
  field: ParameterField;
  value: string;
  problem: string | undefined;
  onChange: (value: string) => void;
}

function ParameterInput({ field, value, problem, onChange }: ParameterInputProps) {
  const shared = { label: field.name, description: describe(field), error: problem, name: `parameters.${field.name}` };
  if (field.kind === 'boolean') {
    const toggle = (checked: boolean) => {
      onChange(String(checked));
    };
    return (
      <Checkbox
        {...shared}
        className={classes.check ?? ''}
        checked={value === 'true'}
        onChange={(event) => {
          toggle(event.currentTarget.checked);
        }}
      />
    );
  }
  if (field.kind === 'unsupported') return <TextInput {...shared} value={value} disabled />;
  if (field.kind === 'choice') {
    return (
      <NativeSelect
        {...shared}
        data={field.choices}
        value={value}
        onChange={(event) => {
          onChange(event.currentTarget.value);
        }}
      />
    );
  }
  const inputMode = field.kind === 'integer' ? 'numeric' : field.kind === 'text' ? 'text' : 'decimal';
  return (
    <TextInput
      {...shared}
      inputMode={inputMode}
      autoComplete="off"
      withAsterisk={field.required}
      value={value}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}

function describe(field: ParameterField): string {
  if (field.kind === 'unsupported') return 'Keeps its default here; the command line can set it with --param.';
  const parts = [field.description, boundsText(field.bounds)].filter(Boolean);
  return parts.join(' · ');
}
