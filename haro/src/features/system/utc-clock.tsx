import { useEffect, useState } from 'react';
import classes from './utc-clock.module.css';

/** The time all times on the page are in. */
export function UtcClock() {
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
  return (
    <time className={classes.clock} dateTime={iso} title="All times on this page are in UTC.">
      {iso.slice(11, 16)}
      <span className={classes.seconds}>{iso.slice(16, 19)}</span> UTC
    </time>
  );
}
