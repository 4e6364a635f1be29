import { expect, test } from 'vitest';
import {
  formatDay,
  formatMinute,
  formatSecond,
  fromFieldMinute,
  toFieldMinute,
  toFieldMinuteAfter,
} from '../../src/lib/time-format';

test('times are written in UTC whatever the offset they came with', () => {
  expect(formatSecond('2024-03-01T01:02:03.999999Z')).toBe('2024-03-01 01:02:03');
  expect(formatMinute('2024-03-01T01:02:03+02:00')).toBe('2024-02-29 23:02');
  expect(formatDay('2024-03-01T00:00:00Z')).toBe('2024-03-01');
});

test('an unknown time is a dash', () => {
  expect(formatMinute(null)).toBe('—');
  expect(formatSecond('yesterday')).toBe('—');
});

test('a date field means UTC', () => {
  expect(fromFieldMinute('2024-03-01T14:05')).toBe('2024-03-01T14:05:00Z');
  expect(toFieldMinute('2024-03-01T14:05:59Z')).toBe('2024-03-01T14:05');
  expect(fromFieldMinute('')).toBeNull();
});

test('the end of a range is rounded up, so that its last bar is inside', () => {
  expect(toFieldMinuteAfter('2024-02-29T23:59:30Z')).toBe('2024-03-01T00:00');
  expect(toFieldMinuteAfter('2024-02-29T23:59:00Z')).toBe('2024-02-29T23:59');
});
