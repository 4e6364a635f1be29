import type { Timestamp } from '../lib/api-types';
import { formatMinute, formatSecond } from '../lib/time-format';
import { localZoneName, useTimeZone, useZoneName } from '../lib/time-zone';

interface ZonedTimeProps {
  at: Timestamp | null | undefined;
  seconds?: boolean;
}

/** An instant in the zone chosen in the header, UTC at first. The label or column around it says which; the title has both. */
export function ZonedTime({ at, seconds = false }: ZonedTimeProps) {
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

/** Says which zone that is: whatever names the zone of times on the page uses this. */
export function ZoneName() {
  return useZoneName();
}

/** "times in UTC": beside the title of a chart or a list. */
export function TimesIn() {
  const zone = useZoneName();
  return <span>{zone === 'local' ? 'local times' : `times in ${zone}`}</span>;
}
