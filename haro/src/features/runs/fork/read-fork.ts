/** From the form to what the server is sent: what differs from the parent, and nothing else. */
import type { NewFork } from '../../../lib/api-types';
import { readParameter, type ParameterField } from '../../../lib/parameter-fields';
import type { Problems } from '../read-draft';
import { costFields, limitFields, readAmounts, type Amounts } from '../run-amounts';
import type { RunDraft } from '../run-draft';

export type ForkReading = { ok: true; fork: NewFork; changes: number } | { ok: false; problems: Problems };

const needsValue = 'Needs a value: what is left out stays as the run has it.';

/** `parent`: the draft as the run has it; `fields`: the parameters the form has. */
export function readFork(draft: RunDraft, parent: RunDraft, fields: ParameterField[], position: number): ForkReading {
  const problems: Problems = {};
  const parameters = readChangedParameters(draft, parent, fields, problems);
  const costs = changedAmounts(draft.costs, parent.costs);
  const limits = changedAmounts(draft.limits, parent.limits);
  const readCosts = readAmounts('costs', costFields, costs);
  const readLimits = readAmounts('limits', limitFields, limits);
  for (const name of emptied(costs)) problems[`costs.${name}`] = needsValue;
  Object.assign(problems, readCosts.problems, readLimits.problems);
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  const settings = {
    parameters,
    costs: {
      ...readCosts.values,
      ...(draft.feeInBase !== parent.feeInBase && { fee_in_base: draft.feeInBase === 'base' }),
    },
    risk: {
      ...readLimits.values,
      ...Object.fromEntries(emptied(limits).map((name) => [name, null])),
      ...(draft.longOnly !== parent.longOnly && { long_only: draft.longOnly }),
      ...(draft.flattenOnHalt !== parent.flattenOnHalt && { flatten_on_halt: draft.flattenOnHalt }),
    },
  };
  const given = Object.entries(settings).filter(([, changed]) => Object.keys(changed).length > 0);
  const name = draft.name.trim();
  return {
    ok: true,
    fork: { position, start: true, ...(name !== '' && { name }), ...Object.fromEntries(given) },
    changes: given.reduce((sum, [, changed]) => sum + Object.keys(changed).length, 0),
  };
}

function readChangedParameters(
  draft: RunDraft,
  parent: RunDraft,
  fields: ParameterField[],
  problems: Problems,
): NonNullable<NewFork['parameters']> {
  const changed: NonNullable<NewFork['parameters']> = {};
  for (const field of fields) {
    const text = draft.parameters[field.name] ?? '';
    if (text.trim() === (parent.parameters[field.name] ?? '')) continue;
    const reading = readParameter(field, text);
    if (!reading.ok) problems[`parameters.${field.name}`] = reading.problem;
    else if (reading.value === undefined) problems[`parameters.${field.name}`] = needsValue;
    else changed[field.name] = reading.value;
  }
  return changed;
}

/** Those that are not the parent's, as they are typed. */
function changedAmounts(amounts: Amounts, parents: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([name, text]) => text.trim() !== (parents[name] ?? '')));
}

const emptied = (changed: Amounts): string[] => Object.keys(changed).filter((name) => changed[name]?.trim() === '');
