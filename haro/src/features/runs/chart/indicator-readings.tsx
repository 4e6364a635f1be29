/** What the indicators say at a bar, or last said: the key of the lines at the same time. */
import { formatReading } from '../../../lib/number-format';
import type { IndicatorLine } from './indicator-lines';
import classes from './indicator-readings.module.css';

export function IndicatorReadings({ lines, place }: { lines: readonly IndicatorLine[]; place: number | null }) {
  return lines.map(({ label, colour, values }) => (
    <span key={label} className={classes.reading}>
      <i className={classes.line} style={{ background: `var(--w-series-${colour})` }} aria-hidden />
      {label} <strong>{formatReading(place === null ? lastOf(values) : (values[place] ?? null))}</strong>
    </span>
  ));
}

const lastOf = (values: readonly (number | null)[]): number | null =>
  values.findLast((value) => value !== null) ?? null;
