import { expect, test } from 'vitest';
import { commonAxis, matchingSeries, placeOn, seriesOf, shareText } from '../../src/features/market/coverage';
import type { SymbolCoverage } from '../../src/lib/api-types';
import { hourlyBitcoin } from '../samples';

const day = (changes: Partial<SymbolCoverage>): SymbolCoverage => ({
  ...hourlyBitcoin,
  start_time: '2024-01-01T00:00:00Z',
  end_time: '2024-01-02T00:00:00Z',
  bars: 24,
  ...changes,
});

test('by symbol, and of one symbol the shortest bars first', () => {
  const series = seriesOf([
    day({ timeframe: '1d' }),
    day({ symbol: 'AAPL' }),
    day({ timeframe: '5m' }),
    day({ timeframe: '1s' }),
  ]);
  expect(series.map(({ symbol, timeframe }) => `${symbol} ${timeframe}`)).toEqual([
    'AAPL 1h',
    'BTC/USD 1s',
    'BTC/USD 5m',
    'BTC/USD 1d',
  ]);
});

test.each([
  [24, 1, 0],
  [18, 0.75, 6],
  [30, 1, 0],
])('a pair with %i of 24 hours covers %d of its time', (bars, share, missingBars) => {
  expect(seriesOf([day({ bars })])[0]).toMatchObject({ share, missingBars });
});

test('where the market closes nothing is said to be missing', () => {
  expect(seriesOf([day({ symbol: 'SPY', bars: 7 })])[0]).toMatchObject({ share: null, missingBars: null });
  expect(seriesOf([day({ timeframe: '1w' })])[0]?.share).toBeNull();
  expect(seriesOf([day({ end_time: '2024-01-01T00:00:00Z' })])[0]?.share).toBeNull();
});

test('100% is said only where nothing is missing', () => {
  expect(shareText(1)).toBe('100%');
  expect(shareText(0.999999)).toBe('99.99%');
  expect(shareText(0.00001)).toBe('< 0.01%');
});

test('every word of the filter must be somewhere', () => {
  const series = seriesOf([day({}), day({ symbol: 'ETH/USD', source: 'alpaca' }), day({ timeframe: '5m' })]);
  const found = (text: string) => matchingSeries(series, text).map(({ symbol, timeframe }) => `${symbol} ${timeframe}`);
  expect(found('btc 1H')).toEqual(['BTC/USD 1h']);
  expect(found('alpaca')).toEqual(['ETH/USD 1h']);
  expect(found(' ')).toHaveLength(3);
  expect(found('btc alpaca')).toEqual([]);
});

test('all bars lie on one axis, and the shortest can still be seen', () => {
  const series = seriesOf([
    day({ symbol: 'A/B', start_time: '2024-01-01T00:00:00Z', end_time: '2024-01-11T00:00:00Z' }),
    day({ symbol: 'C/D', start_time: '2024-01-06T00:00:00Z', end_time: '2024-01-11T00:00:00Z' }),
    day({ symbol: 'E/F', start_time: '2024-01-10T23:59:00Z', end_time: '2024-01-11T00:00:00Z' }),
  ]);
  const axis = commonAxis(series);
  if (axis === null) throw new Error('there is an axis');
  expect(series.map((one) => placeOn(axis, one))).toEqual([
    { left: 0, width: 1 },
    { left: 0.5, width: 0.5 },
    { left: 0.99, width: 0.01 },
  ]);
  expect(commonAxis([])).toBeNull();
});
