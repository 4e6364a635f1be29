/** Times as the page shows them: always in the same shape, in UTC unless the reader chose the local zone. */
import { unknownMark } from './number-format';
import type { TimeZone } from './time-zone';

const minuteMs = 60_000;

function parsed(timestamp: string | null | undefined): Date | null {
  if (timestamp === null || timestamp === undefined || timestamp === '') return null;
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** "2024-03-01T14:05:09.123Z" → "2024-03-01 14:05" */
export function formatMinute(timestamp: string | null | undefined, zone: TimeZone = 'utc'): string {
  return written(timestamp, zone)?.slice(0, 16).replace('T', ' ') ?? unknownMark;
}

/** "2024-03-01T14:05:09.123Z" → "2024-03-01 14:05:09" */
export function formatSecond(timestamp: string | null | undefined, zone: TimeZone = 'utc'): string {
  return written(timestamp, zone)?.slice(0, 19).replace('T', ' ') ?? unknownMark;
}

/** "2024-03-01T14:05:09Z" → "2024-03-01" */
export function formatDay(timestamp: string | null | undefined, zone: TimeZone = 'utc'): string {
  return written(timestamp, zone)?.slice(0, 10) ?? unknownMark;
}

function written(timestamp: string | null | undefined, zone: TimeZone): string | undefined {
  const date = parsed(timestamp);
  // As if the local time were UTC: then both zones are written by the same rule.
  if (date !== null && zone === 'local') date.setTime(date.getTime() - date.getTimezoneOffset() * minuteMs);
  return date?.toISOString();
}

/** The value of a datetime-local field, read as UTC, on the whole minute at or before the instant. */
export function toFieldMinute(timestamp: string): string {
  return parsed(timestamp)?.toISOString().slice(0, 16) ?? '';
}

/** As `toFieldMinute`, but on the whole minute at or after the instant, so that the end of a range stays inside it. */
export function toFieldMinuteAfter(timestamp: string): string {
  const date = parsed(timestamp);
  return date === null ? '' : toFieldMinute(new Date(Math.ceil(date.getTime() / minuteMs) * minuteMs).toISOString());
}

/** "2024-03-01T14:05" from a datetime-local field → "2024-03-01T14:05:00Z"; null if it is no time. */
export function fromFieldMinute(value: string): string | null {
  const date = parsed(value === '' ? null : `${value}Z`);
  return date === null ? null : date.toISOString().replace('.000Z', 'Z');
}
