import { useEffect, useState } from 'react';
import { formatSecond } from '../../lib/time-format';
import { localZoneName, useTimeZone } from '../../lib/time-zone';
import classes from './utc-clock.module.css';

/** Now, in the zone that all times on the page are in. */
export function UtcClock() {
  const zone = useTimeZone();
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(new Date());
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  const iso = now.toISOString();
  const shown = formatSecond(iso, zone);
  const name = zone === 'utc' ? 'UTC' : localZoneName();
  return (
    <time
      className={classes.clock}
      dateTime={iso}
      title={`All times on this page are in ${name}. UTC: ${iso.slice(11, 19)}`}
    >
      {shown.slice(11, 16)}
      <span className={classes.seconds}>{shown.slice(16, 19)}</span> {zone === 'utc' ? 'UTC' : 'local'}
    </time>
  );
}
