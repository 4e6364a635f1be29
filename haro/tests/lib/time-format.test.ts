import { expect, test } from 'vitest';
import { chartTimes } from '../../src/lib/chart-times';
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

test('New York keeps summer time, and its clock is read back to the same instant', () => {
  expect(formatSecond('2024-01-02T14:30:05Z', 'exchange')).toBe('2024-01-02 09:30:05');
  expect(formatSecond('2024-07-02T13:30:05Z', 'exchange')).toBe('2024-07-02 09:30:05');
  expect(formatMinute('2024-01-01T05:00:00Z', 'exchange')).toBe('2024-01-01 00:00');
  for (const moment of ['2024-01-02T14:30:00Z', '2024-03-10T06:59:00Z', '2024-03-10T07:00:00Z', '2024-11-03T08:00:00Z'])
    expect(fromFieldMinute(toFieldMinute(moment, 'exchange'), 'exchange')).toBe(moment);
});

test('a chart writes its times in the zone; months and years stay those of UTC', () => {
  const { localization, timeScale } = chartTimes('exchange');
  const at = Date.parse('2024-03-01T00:00:00Z') / 1_000;
  expect(localization.timeFormatter(at)).toBe('2024-02-29 19:00');
  expect([0, 1, 2, 3].map((kind) => timeScale.tickMarkFormatter(at, kind))).toEqual([
    '2024',
    'Mar',
    '29 19:00',
    '19:00',
  ]);
  expect(chartTimes('utc').timeScale.tickMarkFormatter(at, 2)).toBe('1 Mar');
});
