import { expect, test } from 'vitest';
import {
  aligned,
  evenMoments,
  naturalAlignment,
  normalisedCurve,
  valueAt,
  type Curve,
} from '../../src/features/runs/comparison-curves';
import { elapsedText } from '../../src/features/runs/compared-look';
import { comparedFigures, type ComparedRow } from '../../src/features/runs/comparison-figures';
import { differingSettings } from '../../src/features/runs/comparison-settings';
import type { Figure, RunFigures } from '../../src/lib/api-types';
import { aRun } from '../samples';

const curve = (times: number[], values = times): Curve => ({ runId: 'r', times, values });
const point = (time: string, equity: string) => ({ time, equity, cash: '0', drawdown: 0 });

test('a curve begins at its initial cash as 100, whatever that was', () => {
  const points = [point('1970-01-01T00:02:00Z', '210'), point('1970-01-01T00:01:00Z', '190')];
  expect(normalisedCurve({ id: 'a', initial_cash: '200' }, points)).toEqual({
    runId: 'a',
    times: [60, 120],
    values: [95, 105],
  });
  expect(normalisedCurve({ id: 'a', initial_cash: '0' }, points)).toBeNull();
  expect(normalisedCurve({ id: 'a', initial_cash: '200' }, [])).toBeNull();
});

test('curves that share some time lie by date, others from their start', () => {
  expect(naturalAlignment([curve([0, 10]), curve([5, 20])])).toBe('date');
  expect(naturalAlignment([curve([0, 10]), curve([10, 20])])).toBe('start');
  expect(naturalAlignment([curve([0, 10]), curve([5, 20]), curve([11, 12])])).toBe('start');
  expect(naturalAlignment([])).toBe('date');
});

test('from the start, each begins at 0', () => {
  const curves = [curve([100, 160]), curve([500, 530, 560])];
  expect(aligned(curves, 'start').map(({ times }) => times)).toEqual([
    [0, 60],
    [0, 30, 60],
  ]);
  expect(aligned(curves, 'date')).toBe(curves);
});

test('the axis has even steps, no more than asked for and the last moment beside', () => {
  expect(evenMoments([curve([0, 3]), curve([10, 20])], 5)).toEqual([0, 5, 10, 15, 20]);
  expect(evenMoments([curve([0, 10])], 4)).toEqual([0, 4, 8, 10]);
  expect(evenMoments([curve([7])], 4)).toEqual([7]);
  expect(evenMoments([], 4)).toEqual([]);
});

test.each([
  [9, null],
  [10, 1],
  [19, 1],
  [20, 2],
  [35, 3],
  [40, 4],
  [41, null],
])('at %i the value is %s', (time, value) => {
  expect(valueAt(curve([10, 20, 30, 40], [1, 2, 3, 4]), time)).toBe(value);
});

test('time since the start is said in its largest unit', () => {
  expect([0, 90, 7_200, 200_000].map(elapsedText)).toEqual(['start', '1 min', '2 h', 'day 2']);
});

function compared(name: string, ...values: (Figure['value'] | Figure)[]): ComparedRow {
  const figures = values.map((value): RunFigures => {
    const figure = value !== null && typeof value === 'object' ? value : { value, basis: 'b', reason: 'r' };
    return { [name]: figure };
  });
  const row = comparedFigures(figures)[0]?.[1][0];
  if (row === undefined) throw new Error('no row');
  return row;
}

test('money differs exactly, per cent by points, spans as spans, counts as counts', () => {
  const differences = (...args: Parameters<typeof compared>) =>
    compared(...args).cells.map(({ difference }) => difference);
  expect(differences('total_pnl', '0.1', '0.3', '-5')).toEqual([null, '+0.20', '-5.10']);
  expect(differences('win_rate', 0.5, 0.512, 0.5)).toEqual([null, '+1.20 pp', '=']);
  expect(differences('total_trades', 10, 7)).toEqual([null, '-3']);
  expect(differences('sharpe_ratio', 1.5, 1.25)).toEqual([null, '-0.25']);
  const span = (value: number): Figure => ({ value, basis: 'seconds from opening to closing' });
  expect(differences('average_trade_duration', span(3_600), span(90_000))).toEqual([null, '+1 d']);
  expect(differences('sharpe_ratio', null, 1)).toEqual([null, null]);
  expect(differences('max_drawdown_start', '2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z')).toEqual([null, null]);
});

test('the best is marked where one is better than another', () => {
  const best = (...args: Parameters<typeof compared>) => compared(...args).cells.map(({ isBest }) => isBest);
  expect(best('total_pnl', '9', '10.0', '10')).toEqual([false, true, true]);
  expect(best('max_drawdown', 0.2, 0.1, null)).toEqual([false, true, false]);
  expect(best('value_at_risk_95', -0.02, -0.01)).toEqual([false, true]);
  expect(best('total_trades', 1, 2)).toEqual([false, false]);
  expect(best('win_rate', 0.5, 0.5)).toEqual([false, false]);
  expect(best('win_rate', 0.5, null)).toEqual([false, false]);
});

test('figures come in groups, those that no run has are left out, and what is missing says why', () => {
  const groups = comparedFigures([
    { strange: { value: 1 }, sharpe_ratio: { value: null, reason: 'too short' }, total_return: { value: 0.1 } },
    { sharpe_ratio: { value: 1 }, cagr: { value: null, reason: 'too short' } },
    undefined,
  ]);
  expect(groups.map(([title, rows]) => [title, rows.map(({ name }) => name)])).toEqual([
    ['Return', ['total_return']],
    ['Risk', ['sharpe_ratio']],
    ['Other', ['strange']],
  ]);
  const sharpe = groups[1]?.[1][0]?.cells.map(({ text, explanation }) => [text, explanation]);
  expect(sharpe).toEqual([
    ['—', 'too short'],
    ['1', ''],
    ['—', 'Figures are made when a run completes.'],
  ]);
});

test('only what differs is told, and 1.0 is 1', () => {
  const first = aRun({ config: { fast: 10, quantity: '1.0' } });
  expect(differingSettings([first, aRun({ config: { fast: 10, quantity: 1 } })])).toEqual([]);
  const other = aRun({ config: { fast: 12, slow: 30, quantity: '1' }, symbols: ['ETH/USD'], initial_cash: '2000' });
  expect(differingSettings([first, other])).toEqual([
    { name: 'parameter fast', texts: ['10', '12'] },
    { name: 'symbols', texts: ['BTC/USD', 'ETH/USD'] },
    { name: 'initial cash', texts: ['100,000', '2,000'] },
    { name: 'parameter slow', texts: ['—', '30'] },
  ]);
});
