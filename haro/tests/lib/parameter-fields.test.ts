import { expect, test } from 'vitest';
import { boundsText, parameterFields, readParameter, type ParameterField } from '../../src/lib/parameter-fields';
import type { JsonSchemaProperty } from '../../src/lib/api-types';
import { smaCross } from '../samples';

function field(property: JsonSchemaProperty, required: string[] = []): ParameterField {
  const [only] = parameterFields({ properties: { x: property }, required });
  if (only === undefined) throw new Error('no field');
  return only;
}

test('the kinds, defaults and descriptions come from the schema, in its order', () => {
  const fields = parameterFields(smaCross.parameters);
  expect(fields.map(({ name, kind, defaultText }) => [name, kind, defaultText])).toEqual([
    ['fast', 'integer', '10'],
    ['slow', 'integer', '30'],
    ['quantity', 'decimal', '1'],
    ['long_only', 'boolean', 'true'],
  ]);
  expect(fields[0]?.description).toBe('bars in the fast average');
});

test('a strategy without parameters has no fields', () => {
  expect(parameterFields(null)).toEqual([]);
  expect(parameterFields({ type: 'object' })).toEqual([]);
});

test('bounds are said in words', () => {
  expect(boundsText({ atLeast: '2', atMost: '200' })).toBe('from 2 to 200');
  expect(boundsText({ above: '0' })).toBe('above 0');
  expect(boundsText({ atLeast: '1', below: '5' })).toBe('at least 1, below 5');
  expect(boundsText({})).toBe('');
});

test.each([
  ['2', true],
  ['200', true],
  ['1', false],
  ['201', false],
  ['2.5', false],
  ['two', false],
  ['9007199254740993', false],
])('a whole number from 2 to 200: %s is accepted: %s', (text, ok) => {
  expect(readParameter(field({ type: 'integer', minimum: 2, maximum: 200 }), text).ok).toBe(ok);
});

test('an exclusive bound excludes itself', () => {
  const quantity = field({ type: 'string', format: 'decimal', exclusiveMinimum: '0', exclusiveMaximum: 10 });
  expect(readParameter(quantity, '0')).toEqual({ ok: false, problem: 'Must be above 0, below 10.' });
  expect(readParameter(quantity, '10').ok).toBe(false);
  expect(readParameter(quantity, '0.00000001').ok).toBe(true);
});

test('decimals are sent as the text that was typed, numbers as numbers', () => {
  expect(readParameter(field({ type: 'string', format: 'decimal' }), ' 0.10 ')).toEqual({ ok: true, value: '0.10' });
  expect(readParameter(field({ type: 'number' }), '2.50')).toEqual({ ok: true, value: 2.5 });
  expect(readParameter(field({ type: 'integer' }), '10')).toEqual({ ok: true, value: 10 });
});

test('a decimal may also be described as a number or a text', () => {
  const decimal = field({ anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { type: 'string' }], default: '1' });
  expect(decimal.kind).toBe('decimal');
  expect(readParameter(decimal, '0').ok).toBe(false);
});

test('an empty field leaves the default to the strategy, unless there is none', () => {
  expect(readParameter(field({ type: 'integer', default: 3 }), '')).toEqual({ ok: true, value: undefined });
  expect(readParameter(field({ type: 'integer' }, ['x']), '')).toEqual({ ok: false, problem: 'Needs a value.' });
});

test('booleans and choices', () => {
  expect(readParameter(field({ type: 'boolean' }), 'true')).toEqual({ ok: true, value: true });
  expect(readParameter(field({ type: 'boolean' }), '')).toEqual({ ok: true, value: false });
  expect(field({ enum: ['long', 'short'] })).toMatchObject({ kind: 'choice', choices: ['long', 'short'] });
});

test('what the form cannot ask for is left to its default', () => {
  const list = field({ type: 'array', default: [1, 2] });
  expect(list).toMatchObject({ kind: 'unsupported', defaultText: '[1,2]' });
  expect(readParameter(list, '[1,2]')).toEqual({ ok: true, value: undefined });
});
