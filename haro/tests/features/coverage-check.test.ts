import { expect, test } from 'vitest';
import { checkCoverage } from '../../src/features/runs/coverage-check';
import { firstDraft, type RunDraft } from '../../src/features/runs/run-draft';
import { hourlyBitcoin, smaCross } from '../samples';

const first = firstDraft([smaCross], [hourlyBitcoin]);
const check = (changes: Partial<RunDraft>) => checkCoverage({ ...first, ...changes }, [hourlyBitcoin]);

test('the range of the bars there are is fine, although its last minute is not full', () => {
  expect(check({})).toMatchObject([{ symbol: 'BTC/USD', severity: 'fine' }]);
});

test('a range that begins before the first bar says from when there are some', () => {
  expect(check({ start: '2023-06-01T00:00' })).toMatchObject([
    { severity: 'short', text: expect.stringContaining('before 2024-01-01 00:00') as string },
  ]);
});

test('a range without any bar, or a symbol without, comes with the command that gets them', () => {
  expect(check({ start: '2020-01-01T00:00', end: '2020-02-01T00:00' })).toMatchObject([{ severity: 'missing' }]);
  const [finding] = check({ symbols: ['ETH/USD'], timeframe: '5m' });
  expect(finding?.command).toBe('weaver data import bars.csv --symbol ETH/USD --timeframe 5m');
});

test('an exchange with a feed of its own needs no stored bars', () => {
  expect(check({ mode: 'paper', exchange: 'alpaca', symbols: ['SPY'] })).toEqual([]);
});
