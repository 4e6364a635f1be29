/** Times as the page shows them: always UTC, always in the same shape. */
import { unknownMark } from './number-format';

function parsed(timestamp: string | null | undefined): Date | null {
  if (timestamp === null || timestamp === undefined || timestamp === '') return null;
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** "2024-03-01T14:05:09.123Z" → "2024-03-01 14:05" */
export function formatMinute(timestamp: string | null | undefined): string {
  return parsed(timestamp)?.toISOString().slice(0, 16).replace('T', ' ') ?? unknownMark;
}

/** "2024-03-01T14:05:09.123Z" → "2024-03-01 14:05:09" */
export function formatSecond(timestamp: string | null | undefined): string {
  return parsed(timestamp)?.toISOString().slice(0, 19).replace('T', ' ') ?? unknownMark;
}

/** "2024-03-01T14:05:09Z" → "2024-03-01" */
export function formatDay(timestamp: string | null | undefined): string {
  return parsed(timestamp)?.toISOString().slice(0, 10) ?? unknownMark;
}

const minuteMs = 60_000;

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
