import { expect, test } from 'vitest';
import { moment, shortSpan, wholeSpan } from '../../report/moment';
import { axisPlaces, moneyPlaces, price } from '../../report/money';
import { strength } from '../../report/monthly-table';
import { candleNote, equityNote, tradesNote } from '../../report/report-page';
import { reportTitle } from '../../report/report-title';
import { aReport, start } from './sample-report';

const [candles] = aReport().candles;

test('a candle says how long it is and how many bars it was made of', () => {
  if (candles === undefined) throw new Error('the sample has no candles');
  const note = candleNote({ ...candles, seconds: 3 * 3_600, bars: 525_600 }, 1, 1);
  expect(note).toContain('one candle is 3 hours, 4 candles of 525,600 bars');
});

test('marks say how many trades they stand for', () => {
  if (candles === undefined) throw new Error('the sample has no candles');
  expect(candleNote(candles, 1, 1)).toContain('All 1 closed trades are marked');
  expect(candleNote({ ...candles, trades: 5_000 }, 1, 1)).toContain('Marked are 1 of 5,000 closed trades');
  expect(candleNote({ ...candles, trades: 0, marked: [] }, 20, 12)).toMatch(/No trade was closed.*12 of 20 symbols/);
});

test('a table of trades says how many it leaves out', () => {
  expect(tradesNote(1_000, 12_345)).toContain('The last 1,000 of 12,345 trades');
  expect(tradesNote(3, 3)).toContain('All 3 trades');
  expect(tradesNote(0, 0)).toBe('No trade was closed.');
});

test('a curve says of which points it is drawn', () => {
  expect(equityNote(1_830, 1_829)).toContain('The initial cash and the 1,829 points');
  expect(equityNote(4_000, 9_000)).toContain('4,000 of the 9,000 points');
});

test('a title names up to four symbols, and counts the rest', () => {
  const { run } = aReport();
  expect(reportTitle(run)).toBe('sma_cross on BTC/USD, 1h backtest');
  expect(reportTitle({ ...run, symbols: ['A', 'B', 'C', 'D', 'E'] })).toBe(
    'sma_cross on A B C and 2 more, 1h backtest',
  );
});

test('times and spans are written in UTC and in the units a person uses', () => {
  expect([moment(start), moment(start + 5)]).toEqual(['2024-01-01 00:00', '2024-01-01 00:00:05']);
  expect([14_400, 86_400, 90, 60].map(wholeSpan)).toEqual(['4 hours', '1 day', '90 seconds', '1 minute']);
  expect([0, 59, 3_600, 93_784].map(shortSpan)).toEqual(['0 s', '59 s', '1 h', '1 d 2 h']);
});

test('prices keep eight digits and at least two places', () => {
  expect(['8334.283312345', '0.000123456789', '42000', '123456789.129'].map(price)).toEqual([
    '8,334.2833',
    '0.00012345679',
    '42,000.00',
    '123,456,789.13',
  ]);
});

test('small accounts are read in small places, and an axis has as many as tell its lines apart', () => {
  expect(['100000', '100', '2.5'].map(moneyPlaces)).toEqual([2, 2, 8]);
  expect(
    [
      [0, 1_000],
      [0, 1],
      [99_995, 99_996],
      [5, 5],
    ].map(axisPlaces),
  ).toEqual([0, 2, 2, 2]);
});

test('the largest month has the whole colour, but months of next to nothing stay pale', () => {
  expect([strength(-0.2, 0.2), strength(0.1, 0.2), strength(0.0001, 0.0001)]).toEqual([45, 23, 0]);
});
