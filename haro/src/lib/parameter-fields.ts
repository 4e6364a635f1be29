/** A strategy's parameters as form fields, from their JSON Schema: pure, so that every rule can be tested alone. */
import type { JsonSchemaProperty, ParameterSchema } from './api-types';
import { compareDecimals, parseDecimal } from './decimal';

export type FieldKind = 'integer' | 'number' | 'decimal' | 'text' | 'boolean' | 'choice' | 'unsupported';

interface Bounds {
  atLeast?: string;
  above?: string;
  atMost?: string;
  below?: string;
}

export interface ParameterField {
  name: string;
  kind: FieldKind;
  description: string;
  required: boolean;
  /** What the field shows at first; booleans are "true" or "false". */
  defaultText: string;
  choices: string[];
  bounds: Bounds;
}

/** `value` undefined: leave it out, the strategy's own default applies. */
export type FieldReading = { ok: true; value: string | number | boolean | undefined } | { ok: false; problem: string };

export function parameterFields(schema: ParameterSchema | null): ParameterField[] {
  const required = new Set(schema?.required ?? []);
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => {
    const alternatives = [property, ...(property.anyOf ?? [])];
    return {
      name,
      kind: kindOf(property),
      description: property.description ?? '',
      required: required.has(name) && property.default === undefined,
      defaultText: textOf(property.default),
      choices: (property.enum ?? []).map(textOf),
      bounds: Object.assign({}, ...alternatives.map(boundsOf)) as Bounds,
    };
  });
}

function kindOf(property: JsonSchemaProperty): FieldKind {
  if (property.enum !== undefined) return 'choice';
  const alternatives = [property, ...(property.anyOf ?? [])];
  const types = new Set(alternatives.flatMap((one) => one.type ?? []));
  types.delete('null');
  const isText = types.has('string');
  // Python's Decimal is "a number or a text of digits" in some schemas, a text with a format in others.
  if (alternatives.some((one) => one.format === 'decimal') || (isText && types.has('number'))) return 'decimal';
  if (types.size !== 1) return 'unsupported';
  if (isText) return 'text';
  if (types.has('integer')) return 'integer';
  if (types.has('number')) return 'number';
  return types.has('boolean') ? 'boolean' : 'unsupported';
}

function boundsOf(property: JsonSchemaProperty): Bounds {
  return {
    ...(property.minimum !== undefined && { atLeast: String(property.minimum) }),
    ...(property.exclusiveMinimum !== undefined && { above: String(property.exclusiveMinimum) }),
    ...(property.maximum !== undefined && { atMost: String(property.maximum) }),
    ...(property.exclusiveMaximum !== undefined && { below: String(property.exclusiveMaximum) }),
  };
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** "from 2 to 100", "above 0", or nothing. */
export function boundsText({ atLeast, above, atMost, below }: Bounds): string {
  if (atLeast !== undefined && atMost !== undefined) return `from ${atLeast} to ${atMost}`;
  const low = atLeast !== undefined ? `at least ${atLeast}` : above !== undefined ? `above ${above}` : '';
  const high = atMost !== undefined ? `at most ${atMost}` : below !== undefined ? `below ${below}` : '';
  return [low, high].filter(Boolean).join(', ');
}

export function readParameter(field: ParameterField, text: string): FieldReading {
  const trimmed = text.trim();
  if (field.kind === 'unsupported') return { ok: true, value: undefined };
  if (field.kind === 'boolean') return { ok: true, value: trimmed === 'true' };
  if (trimmed === '') {
    return field.required ? { ok: false, problem: 'Needs a value.' } : { ok: true, value: undefined };
  }
  if (field.kind === 'text') return { ok: true, value: text };
  if (field.kind === 'choice') return { ok: true, value: trimmed };
  return readNumber(field, trimmed);
}

function readNumber({ kind, bounds }: ParameterField, text: string): FieldReading {
  if (parseDecimal(text) === null) return { ok: false, problem: 'Must be a number, with a point for decimals.' };
  if (kind === 'integer' && !(/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)))) {
    return { ok: false, problem: 'Must be a whole number.' };
  }
  if (isOutside(text, bounds)) return { ok: false, problem: `Must be ${boundsText(bounds)}.` };
  return { ok: true, value: kind === 'decimal' ? text : Number(text) };
}

function isOutside(text: string, { atLeast, above, atMost, below }: Bounds): boolean {
  return (
    (atLeast !== undefined && compareDecimals(text, atLeast) < 0) ||
    (above !== undefined && compareDecimals(text, above) <= 0) ||
    (atMost !== undefined && compareDecimals(text, atMost) > 0) ||
    (below !== undefined && compareDecimals(text, below) >= 0)
  );
}
