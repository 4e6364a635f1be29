import { ZonedTime } from '../../components/zoned-time';
import { formatDuration } from '../../lib/duration-format';
import { formatCount } from '../../lib/number-format';
import { formatDay } from '../../lib/time-format';
import { timeframeSeconds } from '../../lib/timeframe';
import { useSeriesOutline } from './api/get-candles';
import type { Series } from './coverage';
import { gapsBetween } from './gaps';
import classes from './series-gaps.module.css';

const points = 5_000;
const mostShown = 12;

/** Where bars are missing, as far as that can be known, and the command that gets more. */
export function SeriesGaps({ series }: { series: Series }) {
  const { symbol, timeframe, end_time: end, source } = series;
  return (
    <div className={classes.gaps}>
      <p className={classes.text}>{coverageText(series)}</p>
      {(series.missingBars ?? 0) > 0 && <FoundGaps series={series} />}
      <p className={classes.text}>
        {source === 'alpaca' ? 'Newer bars are downloaded' : 'Other bars are added'} at the command line; this page
        shows them as they come, {formatCount(series.bars)} so far.
      </p>
      <code className={classes.command}>
        {source === 'alpaca'
          ? `weaver data download ${symbol} --timeframe ${timeframe} --start ${formatDay(end)}`
          : `weaver data import bars.csv --symbol ${symbol} --timeframe ${timeframe}`}
      </code>
    </div>
  );
}

function coverageText({ symbol, missingBars }: Series): string {
  if (missingBars === null)
    return `The market of ${symbol} closes: what is a gap and what is a night is not told here.`;
  return missingBars === 0
    ? 'No bar is missing between the first and the last.'
    : `${formatCount(missingBars)} bars are missing between the first and the last.`;
}

function FoundGaps({ series: { symbol, timeframe } }: { series: Series }) {
  const outline = useSeriesOutline(symbol, timeframe, points, true);
  if (outline.data === undefined)
    return outline.isError ? <p className={classes.text}>{outline.error.message}</p> : null;
  const { items, seconds } = outline.data;
  const gaps = gapsBetween(
    items.map(({ timestamp }) => timestamp),
    seconds,
  );
  const isExact = seconds <= (timeframeSeconds(timeframe) ?? 0);
  const longest = gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, mostShown);
  const finer = isExact
    ? ''
    : ` Only gaps of ${formatDuration(seconds)} and longer are found in a series as long as this.`;
  return (
    <>
      <p className={classes.text}>
        {gaps.length === 0
          ? `All gaps are shorter than ${formatDuration(seconds)}.`
          : `${formatCount(gaps.length)} gaps${gaps.length > mostShown ? `, the longest ${mostShown}` : ''}:${finer}`}
      </p>
      {gaps.length > 0 && (
        <ul className={classes.list} aria-label="Gaps">
          {longest.map(({ from, to }) => (
            <li key={from}>
              <ZonedTime at={new Date(from).toISOString()} /> to <ZonedTime at={new Date(to).toISOString()} />{' '}
              <span className={classes.length}>{formatDuration((to - from) / 1_000)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
