import type { Timestamp } from '../lib/api-types';
import { formatMinute, formatSecond } from '../lib/time-format';
import { localZoneName, useTimeZone } from '../lib/time-zone';

interface UtcTimeProps {
  at: Timestamp | null | undefined;
  seconds?: boolean;
}

/** An instant in the zone chosen in the header, UTC at first. The label or column around it says which; the title has both. */
export function UtcTime({ at, seconds = false }: UtcTimeProps) {
  const zone = useTimeZone();
  const text = seconds ? formatSecond(at, zone) : formatMinute(at, zone);
  if (at === null || at === undefined) return <span>{text}</span>;
  const both = `${formatSecond(at)} UTC, ${formatSecond(at, 'local')} ${localZoneName()}`;
  return (
    <time dateTime={at} title={both} style={{ whiteSpace: 'nowrap' }}>
      {text}
    </time>
  );
}
