import { TextInput } from '@mantine/core';
import type { ParameterField } from '../../../lib/parameter-fields';
import { ParameterFieldSet } from '../parameter-field-set';
import type { Problems } from '../read-draft';
import type { SweepDraft } from './sweep-draft';
import classes from './sweep-form.module.css';

export interface SweepFieldsProps {
  draft: SweepDraft;
  problems: Problems;
  onEdit: (change: Partial<SweepDraft>) => void;
}

/** Beside each parameter what it is varied over; then its own value does not count. */
export function VaryFields({ fields, draft, problems, onEdit }: SweepFieldsProps & { fields: ParameterField[] }) {
  const first = fields[0]?.name;
  return (
    <>
      {fields.map((field) => {
        const values = draft.vary[field.name] ?? '';
        const varied = values.trim() !== '';
        return (
          <div key={field.name} className={classes.pair} data-varied={varied || undefined}>
            <ParameterFieldSet
              fields={[field]}
              values={draft.run.parameters}
              problems={varied ? {} : problems}
              onChange={(name, value) => {
                onEdit({ run: { ...draft.run, parameters: { ...draft.run.parameters, [name]: value } } });
              }}
            />
            <TextInput
              label={`Vary ${field.name}`}
              name={field.name === first ? `vary vary.${field.name}` : `vary.${field.name}`}
              description={hint(field, draft.method)}
              placeholder={field.kind === 'boolean' ? 'true,false' : undefined}
              autoComplete="off"
              value={values}
              error={field.name === first ? problems.vary : undefined}
              onChange={(event) => {
                onEdit({ vary: { ...draft.vary, [field.name]: event.currentTarget.value } });
              }}
            />
          </div>
        );
      })}
    </>
  );
}

function hint({ kind }: ParameterField, method: SweepDraft['method']): string {
  if (kind !== 'integer' && kind !== 'number' && kind !== 'decimal') return 'Values as a,b,c. Empty: not varied.';
  if (method === 'grid') return 'As from:to:step, or a,b,c. Empty: not varied.';
  return 'As from:to, from:to:step, from:to:log, or a,b,c.';
}
