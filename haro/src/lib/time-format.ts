/** Times as the page shows them: always in the same shape, in UTC unless the reader chose another zone. */
import { unknownMark } from './number-format';
import { zoneId, type TimeZone } from './time-zone';

const minuteMs = 60_000;

function parsed(timestamp: string | null | undefined): Date | null {
  if (timestamp === null || timestamp === undefined || timestamp === '') return null;
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** "2024-03-01T14:05:09.123Z" → "2024-03-01 14:05" */
export function formatMinute(timestamp: string | null | undefined, zone: TimeZone = 'utc'): string {
  return written(timestamp, zone)?.slice(0, 16) ?? unknownMark;
}

/** "2024-03-01T14:05:09.123Z" → "2024-03-01 14:05:09" */
export function formatSecond(timestamp: string | null | undefined, zone: TimeZone = 'utc'): string {
  return written(timestamp, zone) ?? unknownMark;
}

/** "2024-03-01T14:05:09Z" → "2024-03-01" */
export function formatDay(timestamp: string | null | undefined, zone: TimeZone = 'utc'): string {
  return written(timestamp, zone)?.slice(0, 10) ?? unknownMark;
}

function written(timestamp: string | null | undefined, zone: TimeZone): string | undefined {
  const date = parsed(timestamp);
  return date === null ? undefined : wallTime(date, zone);
}

/** "2024-03-01 14:05:09": what a clock on the wall shows there. */
export function wallTime(date: Date, zone: TimeZone): string {
  if (zone === 'utc') return date.toISOString().slice(0, 19).replace('T', ' ');
  return writerFor(zoneId(zone)).format(date);
}

const writers = new Map<string, Intl.DateTimeFormat>();

function writerFor(timeZone: string): Intl.DateTimeFormat {
  const known = writers.get(timeZone);
  if (known !== undefined) return known;
  const twoDigits = '2-digit' as const;
  // Swedes write times as ISO 8601 does.
  const writer = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: twoDigits,
    day: twoDigits,
    hour: twoDigits,
    minute: twoDigits,
    second: twoDigits,
    hourCycle: 'h23',
  });
  writers.set(timeZone, writer);
  return writer;
}

/** The value of a datetime-local field in the zone, on the whole minute at or before the instant. */
export function toFieldMinute(timestamp: string, zone: TimeZone = 'utc'): string {
  return written(timestamp, zone)?.slice(0, 16).replace(' ', 'T') ?? '';
}

/** As `toFieldMinute`, but on the whole minute at or after the instant, so that the end of a range stays inside it. */
export function toFieldMinuteAfter(timestamp: string): string {
  const date = parsed(timestamp);
  return date === null ? '' : toFieldMinute(new Date(Math.ceil(date.getTime() / minuteMs) * minuteMs).toISOString());
}

/** "2024-03-01T14:05" from a datetime-local field in the zone → "2024-03-01T14:05:00Z"; null if it is no time. */
export function fromFieldMinute(value: string, zone: TimeZone = 'utc'): string | null {
  const asUtc = parsed(value === '' ? null : `${value}Z`);
  if (asUtc === null) return null;
  // What the wall's clock is ahead of UTC is asked twice: it may change between the first guess and the instant.
  const guess = asUtc.getTime() - aheadOfUtc(asUtc, zone);
  const instant = new Date(asUtc.getTime() - aheadOfUtc(new Date(guess), zone));
  return instant.toISOString().replace('.000Z', 'Z');
}

function aheadOfUtc(date: Date, zone: TimeZone): number {
  if (zone === 'utc') return 0;
  return Date.parse(`${wallTime(date, zone).replace(' ', 'T')}Z`) - Math.floor(date.getTime() / 1_000) * 1_000;
}
