/** Times of the report: seconds since 1970 UTC, written in UTC, and spans as a person says them. */
import { formatDay, formatMinute, formatSecond } from '../src/lib/time-format';

const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString();

/** "2024-03-01 14:05", with seconds where they are not zero. */
export function moment(seconds: number): string {
  return seconds % 60 === 0 ? formatMinute(iso(seconds)) : formatSecond(iso(seconds));
}

/** "2024-03-01" */
export function day(seconds: number): string {
  return formatDay(iso(seconds));
}

const units: [name: string, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** The largest unit that measures it whole: 14400 → "4 hours", 90 → "90 seconds". */
export function wholeSpan(seconds: number): string {
  const [name, length] = units.find(([, length]) => seconds % length === 0) ?? ['second', 1];
  const count = seconds / length;
  return `${count.toLocaleString('en-US')} ${name}${count === 1 ? '' : 's'}`;
}

/** The two largest units: 93784 → "1 d 2 h", 59 → "59 s". */
export function shortSpan(seconds: number): string {
  const whole = Math.round(seconds);
  const first = units.findIndex(([, length]) => whole >= length);
  if (first < 0) return '0 s';
  let rest = whole;
  const parts: string[] = [];
  for (const [name, length] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count.toLocaleString('en-US')} ${name === 'minute' ? 'min' : name.slice(0, 1)}`);
  }
  return parts.join(' ');
}
