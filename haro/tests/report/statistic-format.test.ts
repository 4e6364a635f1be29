import { expect, test } from 'vitest';
import { headlines } from '../../report/headline-figures';
import { drawdownRows, grouped, statisticLabel, writeStatistic } from '../../report/statistic-format';
import { aReport, aStatistic } from './sample-report';

test.each([
  ['total_return', 0.12345, undefined, '12.35%'],
  ['drawdown_2', 0.0751, undefined, '7.51%'],
  ['average_mae', 0.028, undefined, '2.80%'],
  ['total_pnl', '-1234.5678', undefined, '-1,234.57'],
  ['total_trades', 1234, undefined, '1,234'],
  ['profit_factor', 1.33249, undefined, '1.332'],
  ['kurtosis', -0.000123456, undefined, '-0.0001235'],
  ['average_trade_duration', 5400, 'seconds from first to last fill', '1 h 30 min'],
  ['max_drawdown_duration', 1.5, 'days of 24 hours from the peak', '1 d 12 h'],
  ['max_drawdown_start', '2024-03-01T14:05:00Z', undefined, '2024-03-01 14:05'],
  ['anything', 'in words', undefined, 'in words'],
  ['sharpe_ratio', null, undefined, '—'],
])('%s of %s is written as it is read', (name, value, basis, text) => {
  expect(writeStatistic(aStatistic(name, value, basis === undefined ? {} : { basis }), 2)).toBe(text);
});

test('a figure of an account in bitcoin keeps its small places', () => {
  expect(writeStatistic(aStatistic('total_pnl', '0.00012345'), 8)).toBe('0.00012345');
});

test('names read as words', () => {
  expect(['total_pnl', 'cagr', 'best_mfe'].map(statisticLabel)).toEqual(['Total PnL', 'CAGR', 'Best MFE']);
});

test('every statistic stands in one group, whatever order it came in, and an unknown one is not lost', () => {
  const names = ['turnover', 'invented', 'win_rate', 'total_trades', 'sharpe_ratio', 'total_pnl', 'total_return'];
  const found = grouped(names.map((name) => aStatistic(name, 1)));
  expect(found.map(([title, rows]) => [title, rows.map(({ name }) => name)])).toEqual([
    ['Return', ['total_return', 'total_pnl']],
    ['Risk', ['sharpe_ratio']],
    ['Trades', ['total_trades', 'win_rate']],
    ['Costs and turnover', ['turnover']],
    ['Other', ['invented']],
  ]);
});

test('ranked drawdowns leave the groups for a table of their own, those that never were are left out', () => {
  const statistics = [
    aStatistic('drawdown_2', 0.1),
    aStatistic('drawdown_1', 0.2),
    aStatistic('drawdown_1_start', '2024-03-01T00:00:00Z'),
    aStatistic('drawdown_1_recovery', null),
    aStatistic('drawdown_3', null),
    aStatistic('drawdown_3_start', null),
  ];
  expect(grouped(statistics)).toEqual([]);
  const rows = drawdownRows(statistics);
  expect(rows.map(({ rank, depth, parts }) => [rank, depth.value, [...parts.keys()]])).toEqual([
    [1, 0.2, ['start', 'recovery']],
    [2, 0.1, []],
  ]);
});

test('headlines are coloured where they have a direction, and an undefined one says why', () => {
  const found = Object.fromEntries(headlines(aReport()).map((one) => [one.label, one]));
  expect(found['Final equity']?.text).toBe('100,049.75');
  expect(found['Total return']).toMatchObject({ text: '+0.05%', signed: true, explanation: 'as it is' });
  expect(found.Sharpe).toMatchObject({ text: '—', explanation: '0.2 days: nothing is annualised under 30' });
  expect(found.CAGR).toBeUndefined();
});
