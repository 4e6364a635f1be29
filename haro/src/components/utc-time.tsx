import type { Timestamp } from '../lib/api-types';
import { formatMinute, formatSecond } from '../lib/time-format';

interface UtcTimeProps {
  at: Timestamp | null | undefined;
  seconds?: boolean;
}

/** An instant in UTC. The surrounding label or column says so; the title repeats it. */
export function UtcTime({ at, seconds = false }: UtcTimeProps) {
  const text = seconds ? formatSecond(at) : formatMinute(at);
  if (at === null || at === undefined) return <span>{text}</span>;
  return (
    <time dateTime={at} title={`${formatSecond(at)} UTC`} style={{ whiteSpace: 'nowrap' }}>
      {text}
    </time>
  );
}
