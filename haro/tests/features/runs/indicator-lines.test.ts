import { expect, test } from 'vitest';
import { indicatorLines, linesOf } from '../../../src/features/runs/chart/indicator-lines';
import type { Indicator } from '../../../src/lib/api-types';

const times = [0, 60, 120];
const bars = times.map((time) => ({ time, open: 1, high: 1, low: 1, close: 1, volume: 1 }));

function indicator(changes: Partial<Indicator>): Indicator {
  const series = [{ name: '', values: [null, 1, 2] }];
  return { label: 'sma(close, 2)', timeframe: '1m', pane: 0, series, missing: null, ...changes };
}

test('lines are named by their indicator, their part and, where it is not the run’s, their timeframe', () => {
  const parts = [
    { name: 'lower', values: [] },
    { name: 'upper', values: [] },
  ];
  const names = (items: Indicator[]) => linesOf(times, items, '1m').map(({ label }) => label);
  expect(names([indicator({})])).toEqual(['sma(close, 2)']);
  expect(names([indicator({ label: 'bollinger(close)', series: parts }), indicator({ timeframe: '1h' })])).toEqual([
    'bollinger(close) lower',
    'bollinger(close) upper',
    'sma(close, 2) 1h',
  ]);
});

test('each bar has its value, or none', () => {
  const [line] = indicatorLines(bars, linesOf(times, [indicator({})], '1m'));
  expect(line?.values).toEqual([null, 1, 2]);
});

test('what was asked for in detail counts before the coarse value', () => {
  const coarse = linesOf([0, 120], [indicator({ series: [{ name: '', values: [10, 20] }] })], '1m');
  const detail = linesOf([60, 120], [indicator({ series: [{ name: '', values: [15, 19] }] })], '1m');
  expect(indicatorLines(bars, coarse, detail)[0]?.values).toEqual([10, 15, 19]);
});

test('panes have no gaps, whatever is not drawn', () => {
  const items = [
    indicator({}),
    indicator({ pane: 1, series: [], missing: 'unknown' }),
    indicator({ pane: 3 }),
    indicator({ pane: 2 }),
  ];
  const parts = linesOf(times, items, '1m');
  expect(indicatorLines(bars, parts).map(({ pane }) => pane)).toEqual([0, 2, 1]);
});
