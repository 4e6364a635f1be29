import { Checkbox, NativeSelect, TagsInput, Textarea } from '@mantine/core';
import { AmountInputs, DraftText, type DraftProps } from './draft-fields';
import { costFields, limitFields } from './run-amounts';
import type { FeeCurrency } from './run-draft';
import classes from './run-form.module.css';

/** Of a run that is there already it is known. */
export const knownFeeCurrencies: { value: FeeCurrency; label: string }[] = [
  { value: 'quote', label: 'quote currency' },
  { value: 'base', label: 'base currency' },
];
const feeCurrencies = [{ value: '' as const, label: 'as the venue has it' }, ...knownFeeCurrencies];

/** Cash, and what trading costs. */
export function MoneyFields(props: DraftProps) {
  const { draft, problems, onEdit } = props;
  const [commission, ...otherCosts] = costFields;
  const shared = {
    prefix: 'costs',
    amounts: draft.costs,
    problems,
    onChange: (costs: Record<string, string>) => {
      onEdit({ costs });
    },
  };
  return (
    <>
      <DraftText {...props} label="Initial cash" name="cash" inputMode="decimal" hint="In quote currency." />
      {commission && <AmountInputs {...shared} fields={[commission]} />}
      <NativeSelect
        label="Venue"
        description="Whose rules and default costs a simulation follows."
        data={['generic', 'alpaca']}
        value={draft.venue}
        onChange={(event) => {
          onEdit({ venue: event.currentTarget.value === 'alpaca' ? 'alpaca' : 'generic' });
        }}
      />
      <details className={classes.more}>
        <summary>More costs</summary>
        <div className={classes.grid}>
          <AmountInputs {...shared} fields={otherCosts} />
          <FeeCurrencyField {...props} choices={feeCurrencies} />
          <DraftText
            {...props}
            label="Volume cap (%)"
            name="volumeCap"
            inputMode="decimal"
            hint="Of a bar's volume; empty for none."
          />
        </div>
      </details>
    </>
  );
}

/** In which currency the fee of a buy is taken. */
export function FeeCurrencyField({ draft, onEdit, choices }: DraftProps & { choices: typeof knownFeeCurrencies }) {
  return (
    <NativeSelect
      label="Fees of buys are taken in"
      name="feeInBase"
      description="In base currency, a little less is received than was bought."
      data={choices}
      value={draft.feeInBase}
      onChange={(event) => {
        const chosen = choices.find(({ value }) => value === event.currentTarget.value);
        onEdit({ feeInBase: chosen?.value ?? '' });
      }}
    />
  );
}

/** How far the run may go. */
export function RiskFields(props: DraftProps) {
  const { draft, problems, onEdit } = props;
  return (
    <>
      <AmountInputs
        prefix="limits"
        fields={limitFields}
        amounts={draft.limits}
        problems={problems}
        onChange={(limits) => {
          onEdit({ limits });
        }}
      />
      <Check label="Long only" name="longOnly" {...props} />
      <Check label="Close positions when halted" name="flattenOnHalt" {...props} />
    </>
  );
}

/** Margin and limits: most runs need none of it. */
export function LimitFields(props: DraftProps) {
  const { draft } = props;
  return (
    <>
      <RiskFields {...props} />
      <Check label="Margin account (may borrow and go short)" name="margin" {...props} />
      {draft.margin && (
        <>
          <DraftText {...props} label="Leverage" name="leverage" inputMode="decimal" hint="Empty: the default." />
          <DraftText
            {...props}
            label="Maintenance margin"
            name="maintenance"
            inputMode="decimal"
            hint="A fraction; empty: the default."
          />
        </>
      )}
    </>
  );
}

function Check({
  draft,
  onEdit,
  label,
  name,
}: DraftProps & { label: string; name: 'longOnly' | 'flattenOnHalt' | 'margin' }) {
  return (
    <Checkbox
      label={label}
      name={name}
      className={classes.check ?? ''}
      checked={draft[name]}
      onChange={(event) => {
        onEdit({ [name]: event.currentTarget.checked });
      }}
    />
  );
}

/** How the run is found again. */
export function LabelFields(props: DraftProps) {
  const { draft, onEdit } = props;
  return (
    <>
      <DraftText {...props} label="Name" name="name" hint="Empty: made from strategy and market." />
      <TagsInput
        label="Tags"
        name="tags"
        description="Enter adds one."
        value={draft.tags}
        acceptValueOnBlur
        onChange={(tags) => {
          onEdit({ tags });
        }}
      />
      <Textarea
        label="Notes"
        name="notes"
        className={classes.wide ?? ''}
        rows={3}
        maxLength={5_000}
        value={draft.notes}
        onChange={(event) => {
          onEdit({ notes: event.currentTarget.value });
        }}
      />
    </>
  );
}
