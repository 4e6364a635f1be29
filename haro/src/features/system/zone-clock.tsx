import { ZoneName } from '../../components/zoned-time';
import { formatSecond } from '../../lib/time-format';
import { useTimeZone, zoneId } from '../../lib/time-zone';
import { useNow } from '../../lib/use-now';
import classes from './zone-clock.module.css';

/** Now, in the zone that all times on the page are in. */
export function ZoneClock() {
  const zone = useTimeZone();
  const iso = new Date(useNow(1_000)).toISOString();
  const shown = formatSecond(iso, zone);
  return (
    <time
      className={classes.clock}
      dateTime={iso}
      title={`All times on this page are in ${zoneId(zone)}. UTC: ${iso.slice(11, 19)}`}
    >
      {shown.slice(11, 16)}
      <span className={classes.seconds}>{shown.slice(16, 19)}</span> <ZoneName />
    </time>
  );
}
