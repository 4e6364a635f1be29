import { expect, test } from 'vitest';
import {
  alikeText,
  causeRows,
  isAlike,
  latencyText,
  outcomeText,
  sideText,
} from '../../../src/features/runs/parity/parity-words';
import type { ParityDifference } from '../../../src/lib/api-types';

const fees = (changes: Partial<ParityDifference> = {}): ParityDifference => ({
  kind: 'fee',
  count: 0,
  amount: '0',
  examples: [],
  ...changes,
});

test('the amounts of the rows are those of the causes and what is unexplained', () => {
  const rows = causeRows({ differences: [fees({ count: 1, amount: '-0.05' })], unexplained: '0.0000001' });
  expect(rows.map(({ cause, count, amount }) => [cause, count, amount])).toEqual([
    ['fee', 1, '-0.05'],
    ['unexplained', null, '0.0000001'],
  ]);
});

test('alike is what differs in nothing but rounding', () => {
  const alike = { differences: [fees()], difference: '-0.0000004', backtest_error: null };
  expect(isAlike(alike)).toBe(true);
  expect(isAlike({ ...alike, differences: [fees({ count: 1 })] })).toBe(false);
  expect(isAlike({ ...alike, difference: '1' })).toBe(false);
  expect(isAlike({ ...alike, backtest_error: 'ZeroDivisionError' })).toBe(false);
});

test('what is alike is counted in words', () => {
  expect([0, 1, 1_200].map((orders) => alikeText({ bars: 60, orders }))).toEqual([
    'A backtest of the bars this run saw, 60 so far, places no order either and comes to the same equity.',
    'A backtest of the bars this run saw, 60 so far, places the same order and comes to the same equity.',
    'A backtest of the bars this run saw, 60 so far, places the same 1,200 orders and comes to the same equity.',
  ]);
});

test('the outcome says who has more', () => {
  expect(outcomeText({ difference: '-3.05' })).toBe('The run has 3.05 less than a backtest of the bars it saw.');
  expect(outcomeText({ difference: '1204.5' })).toBe('The run has 1,204.50 more than a backtest of the bars it saw.');
  expect(outcomeText({ difference: '0' })).toMatch(/^The run has as much as/);
});

test('latency is told in milliseconds below a second', () => {
  expect([null, 0, 0.25, 0.9999, 1, 12.345].map(latencyText)).toEqual([
    '—',
    '0 ms',
    '250 ms',
    '1.0 s',
    '1.0 s',
    '12.3 s',
  ]);
});

const order = { side: 'buy', qty: '0.50', order_type: 'market' };
const filled = { ...order, filled_qty: '0.50', average_price: '99', fee: '0.25', filled_at: '2024-01-01T05:00:00Z' };

test('a side tells its order and what was filled of it', () => {
  expect(sideText('fill_price', filled, 'utc')).toBe('buy 0.5 market, filled at 99.00, 2024-01-01 05:00:00');
  expect(sideText('latency', order, 'utc')).toBe('buy 0.5 market, not filled');
  expect(sideText('fee', filled, 'utc')).toMatch(/^fee 0.25 · buy 0.5 market/);
  expect(sideText('refusal', { ...order, refused: 'no cash' }, 'utc')).toBe('buy 0.5 market, refused: no cash');
  expect(sideText('decision', { ...order, order_type: 'stop_limit', price: '5', stop_price: '6' }, 'utc')).toBe(
    'buy 0.5 limit 5.00 stop 6.00, not filled',
  );
  expect(sideText('decision', null, 'utc')).toBe('no such order');
});

test('a bar is told by its figures, or why it was not traded', () => {
  expect(sideText('data', { open: '1', close: '2.50' }, 'utc')).toBe('open 1 · close 2.5');
  expect(sideText('data', { bar: 'came too late to be traded' }, 'utc')).toBe('came too late to be traded');
  expect(sideText('data', null, 'utc')).toBe('no such bar');
});
