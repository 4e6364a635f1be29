import { expect, test } from 'vitest';
import { marketTimeOf, whyNoFork } from '../../../src/features/runs/fork/fork-point';
import { readFork } from '../../../src/features/runs/fork/read-fork';
import { draftOf, type RunDraft } from '../../../src/features/runs/run-draft';
import { parameterFields } from '../../../src/lib/parameter-fields';
import { anEvent, aRun, smaCross } from '../../samples';

const run = aRun({
  config: { fast: 10, slow: 30, quantity: '1', long_only: true },
  risk: { ...aRun().risk, max_drawdown: '0.2', long_only: true },
});
const parent: RunDraft = { ...draftOf(run), name: '' };
const fields = parameterFields(smaCross.parameters);
const read = (change: Partial<RunDraft>) => readFork({ ...parent, ...change }, parent, fields, 1204);

test('what is as the run has it is not sent', () => {
  expect(read({})).toEqual({ ok: true, fork: { position: 1204, start: true }, changes: 0 });
});

test('what was changed is sent, each in its place', () => {
  expect(
    read({
      name: ' slower ',
      parameters: { ...parent.parameters, slow: '60', long_only: 'false' },
      costs: { ...parent.costs, slippage_bps: '5' },
      feeInBase: parent.feeInBase === 'base' ? 'quote' : 'base',
      limits: { ...parent.limits, max_open_orders: '3' },
      longOnly: false,
      flattenOnHalt: true,
    }),
  ).toEqual({
    ok: true,
    fork: {
      position: 1204,
      start: true,
      name: 'slower',
      parameters: { slow: 60, long_only: false },
      costs: { slippage_bps: '5', fee_in_base: true },
      risk: { max_open_orders: 3, long_only: false, flatten_on_halt: true },
    },
    changes: 7,
  });
});

test('an emptied limit is turned off', () => {
  expect(read({ limits: { max_drawdown: ' ' } })).toMatchObject({ fork: { risk: { max_drawdown: null } } });
});

test('a cost and a parameter cannot be emptied, for what is left out stays', () => {
  const reading = read({
    costs: { ...parent.costs, commission_bps: '' },
    parameters: { ...parent.parameters, slow: '' },
  });
  expect(reading.ok ? [] : Object.keys(reading.problems).sort()).toEqual(['costs.commission_bps', 'parameters.slow']);
});

test('what makes no sense is told field by field', () => {
  const reading = read({
    parameters: { ...parent.parameters, fast: '1000' },
    costs: { ...parent.costs, slippage_bps: '-1' },
    limits: { max_drawdown: 'much' },
  });
  expect(reading).toEqual({
    ok: false,
    problems: {
      'parameters.fast': 'Must be from 2 to 200.',
      'costs.slippage_bps': 'Must be a number, at least 0.',
      'limits.max_drawdown': 'Must be a number, at least 0.',
    },
  });
});

test('a run that never started says why it cannot be forked', () => {
  expect(whyNoFork(aRun({ started_at: null }))).toMatch(/never started/);
  expect(whyNoFork(aRun({ started_at: '2024-01-01T00:00:00Z' }))).toBeNull();
});

test('only events of the market tell its time', () => {
  const payload = { at: '2024-01-01T05:00:00Z' };
  expect(marketTimeOf(anEvent({ type: 'order.filled', payload }))).toBe(payload.at);
  expect(marketTimeOf(anEvent({ type: 'run.started', payload }))).toBeNull();
  expect(marketTimeOf(anEvent({ type: 'order.filled', payload: {} }))).toBeNull();
});
