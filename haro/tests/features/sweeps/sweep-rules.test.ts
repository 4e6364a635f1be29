import { expect, test } from 'vitest';
import { combinationsOf, firstSweepDraft, readSweep } from '../../../src/features/runs/sweep-form/sweep-draft';
import { chooseStrategy, firstDraft } from '../../../src/features/runs/run-draft';
import { axesOf, windowOf } from '../../../src/features/sweeps/sweep-view';
import { progressOf, progressText } from '../../../src/features/sweeps/sweep-progress';
import { walkLines } from '../../../src/features/sweeps/walk-lines';
import type { Sweep, Trial, TrialPoint } from '../../../src/lib/api-types';
import { smaCross } from '../../samples';

const run = {
  ...chooseStrategy(firstDraft([smaCross], []), smaCross),
  symbols: ['BTC/USD'],
  timeframe: '1h',
  start: '2024-01-01T00:00',
  end: '2024-03-01T00:00',
  notes: 'left out',
};
const draft = { ...firstSweepDraft(run), vary: { fast: ' 5:20:5 ', slow: '' } };

test('what is varied has no value of its own, and what is a run’s alone is left out', () => {
  const reading = readSweep(draft, smaCross);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  expect(reading.sweep.vary).toEqual({ fast: '5:20:5' });
  expect(Object.keys(reading.sweep.config ?? {})).not.toContain('fast');
  expect(Object.keys(reading.sweep.config ?? {})).toContain('slow');
  for (const name of ['mode', 'notes', 'trials', 'walk_forward', 'seed'])
    expect(reading.sweep).not.toHaveProperty(name);
});

test('a search says how many trials, a walk how long its parts are', () => {
  const asked = { ...draft, method: 'tpe' as const, trials: '30', inSample: '90', outOfSample: '30', anchored: true };
  const reading = readSweep(asked, smaCross);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  expect(reading.sweep).toMatchObject({
    method: 'tpe',
    trials: 30,
    walk_forward: { in_sample: 90, out_of_sample: 30, anchored: true },
  });
});

test.each([
  [{ vary: {} }, ['vary']],
  [{ method: 'random' as const, trials: '0' }, ['trials']],
  [{ inSample: '90' }, ['outOfSample']],
  [{ seed: '-1' }, ['seed']],
  [{ run: { ...run, cash: '0' } }, ['cash']],
])('what cannot be meant is said at its field: %j', (change, fields) => {
  const reading = readSweep({ ...draft, ...change }, smaCross);
  expect(reading.ok ? [] : Object.keys(reading.problems)).toEqual(fields);
});

test.each([
  [{ fast: '5:20:5', slow: '30,60,90' }, 12],
  [{ fast: '0.1:0.5:0.1' }, 5],
  [{ fast: '2:19' }, 18],
  [{ fast: '20:5:5' }, null],
  [{}, null],
])('the combinations of %j are counted', (vary, count) => {
  expect(combinationsOf({ ...draft, vary })).toBe(count);
});

const dimensions: Sweep['dimensions'] = ['a', 'b', 'c'].map((name) => ({
  name,
  values: [1],
  low: null,
  high: null,
  log: false,
}));

test('the axes are what the address asks for, as far as it is varied', () => {
  expect(axesOf({ dimensions }, {})).toEqual(['a', 'b']);
  expect(axesOf({ dimensions }, { across: 'c', down: 'a' })).toEqual(['c', 'a']);
  expect(axesOf({ dimensions }, { across: 'nobody', down: 'a' })).toEqual(['b', 'a']);
  expect(axesOf({ dimensions: dimensions.slice(0, 1) }, { down: 'b' })).toEqual(['a', null]);
});

const windows = [
  { start: '2024-01-01T00:00:00Z', split: '2024-02-01T00:00:00Z', end: '2024-03-01T00:00:00Z' },
  { start: '2024-02-01T00:00:00Z', split: '2024-03-01T00:00:00Z', end: '2024-04-01T00:00:00Z' },
];

test('the window is the one asked for, the last one otherwise', () => {
  expect([
    windowOf({ windows }, { window: 0 }),
    windowOf({ windows }, { window: 9 }),
    windowOf({ windows }, {}),
  ]).toEqual([0, 1, 1]);
  expect(windowOf({ windows: [] }, { window: 0 })).toBeNull();
});

test('a line of a walk has the best in-sample trial that counts, and what was traded', () => {
  const searched = [
    { window: 0, value: 3, feasible: false },
    { window: 0, value: 2, feasible: true },
    { window: 0, value: 1, feasible: true },
  ] as TrialPoint[];
  const traded = [
    { window: 0, value: -1, status: 'completed', parameters: { a: 5 }, figures: { total_return: 0.1 } },
  ] as unknown as Trial[];
  const [first, second] = walkLines({ windows }, traded, searched);
  expect(first).toMatchObject({
    inSample: 2,
    outOfSample: -1,
    totalReturn: 0.1,
    parameters: { a: 5 },
    status: 'completed',
  });
  expect(first?.from).toBe('2024-02-01T00:00:00Z');
  expect(second).toMatchObject({ inSample: null, outOfSample: null, status: null });
});

test('progress counts whatever has ended', () => {
  expect(progressText({ completed: 1_000, pruned: 2, failed: 3, trials: 2_000 })).toBe('1,005 of 2,000');
  expect(progressText({ completed: 0, pruned: 0, failed: 0, trials: null })).toBe('0 of ?');
  expect(progressOf({ completed: 1, pruned: 1, failed: 0, trials: 8 })).toBe(0.25);
  expect(progressOf({ completed: 0, pruned: 0, failed: 0, trials: null })).toBeNull();
});
