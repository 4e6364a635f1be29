/** Spans of time as the page shows them: the two largest units, so that a glance is enough. */
import { unknownMark } from './number-format';

const units: [name: string, seconds: number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
];

/** 93_784 → "1 d 2 h"; under a second it is "0 s", and a span that is not known or below zero is a dash or "0 s". */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return unknownMark;
  let left = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(left / size);
    if (parts.length > 0 || count > 0 || size === 1) parts.push(`${count} ${name}`);
    left -= count * size;
    if (parts.length === 2) break;
  }
  return parts.filter((part, at) => at === 0 || !part.startsWith('0 ')).join(' ');
}

/** Seconds from one instant to another; null if either is unknown. */
export function secondsBetween(
  start: string | null | undefined,
  end: string | number | null | undefined,
): number | null {
  if (start === null || start === undefined || end === null || end === undefined) return null;
  const span = (typeof end === 'number' ? end : Date.parse(end)) - Date.parse(start);
  return Number.isNaN(span) ? null : span / 1_000;
}
