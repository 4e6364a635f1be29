import { expect, test } from 'vitest';
import { compareDecimals, parseDecimal } from '../../src/lib/decimal';
import {
  direction,
  formatCount,
  formatMoney,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatRatio,
  formatReading,
  formatSignedMoney,
} from '../../src/lib/number-format';

test.each([
  ['1234.5', '1,234.50'],
  ['-1234567.891', '-1,234,567.89'],
  ['0', '0.00'],
  ['0.005', '0.01'],
  ['-0.005', '-0.01'],
  ['-0.004', '0.00'],
  ['1E+5', '100,000.00'],
  ['0E-8', '0.00'],
  ['12345678901234567890.125', '12,345,678,901,234,567,890.13'],
  ['999999.995', '1,000,000.00'],
])('money %s is written %s, exactly', (value, text) => {
  expect(formatMoney(value)).toBe(text);
});

test.each([
  ['1843.275', '+1,843.28', 'up'],
  ['-312.4', '-312.40', 'down'],
  ['0', '0.00', 'flat'],
  ['0.001', '0.00', 'flat'],
])('a gain of %s is written %s and points %s', (value, text, way) => {
  expect(formatSignedMoney(value)).toBe(text);
  expect(direction(text)).toBe(way);
});

test.each([
  [86.01785195332324, '86.0179'],
  [123456.789, '123,456.79'],
  [-0.0121794595, '-0.0121795'],
  [50, '50'],
  [null, '—'],
])('a reading of %s is written %s', (value, text) => {
  expect(formatReading(value)).toBe(text);
});

test('what is unknown is a dash, never a zero', () => {
  for (const format of [
    formatMoney,
    formatSignedMoney,
    formatPercent,
    formatRatio,
    formatQuantity,
    formatPrice,
    formatCount,
  ]) {
    expect(format(null)).toBe('—');
    expect(format(undefined)).toBe('—');
  }
});

test('fractions become per cent without a float in between', () => {
  expect(formatPercent('0.0834')).toBe('8.34%');
  expect(formatPercent('-0.29')).toBe('-29.00%');
  expect(formatPercent('1')).toBe('100.00%');
  expect(formatPercent(0.5)).toBe('50.00%');
});

test('quantities and prices keep every digit that means something', () => {
  expect(formatQuantity('0.00012300')).toBe('0.000123');
  expect(formatQuantity('1500')).toBe('1,500');
  expect(formatPrice('42000.5')).toBe('42,000.50');
  expect(formatPrice('0.00001234')).toBe('0.00001234');
});

test('text that is no number is shown as it came', () => {
  expect(formatMoney('NaN')).toBe('NaN');
  expect(parseDecimal('')).toBeNull();
  expect(parseDecimal('.')).toBeNull();
  expect(parseDecimal('1,000')).toBeNull();
});

test('decimals are compared exactly', () => {
  expect(compareDecimals('0.1', '0.10')).toBe(0);
  expect(compareDecimals('9007199254740993', '9007199254740992')).toBe(1);
  expect(compareDecimals('-1e-7', '0')).toBe(-1);
});
