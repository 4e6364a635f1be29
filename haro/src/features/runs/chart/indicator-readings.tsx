/** What the indicators say at a bar: the key of the lines at the same time. */
import { formatPrice } from '../../../lib/number-format';
import type { IndicatorLine } from './indicator-lines';
import classes from './indicator-readings.module.css';

export function IndicatorReadings({ lines, place }: { lines: readonly IndicatorLine[]; place: number }) {
  return lines.map(({ label, colour, values }) => (
    <span key={label} className={classes.reading}>
      <i className={classes.line} style={{ background: `var(--w-series-${colour})` }} aria-hidden />
      {label} <strong>{formatPrice(values[place] ?? undefined)}</strong>
    </span>
  ));
}
