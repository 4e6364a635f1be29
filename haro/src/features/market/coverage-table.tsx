import { UtcTime } from '../../components/utc-time';
import { formatCount, unknownMark } from '../../lib/number-format';
import { formatDay } from '../../lib/time-format';
import { placeOn, shareText, type Series, type TimeAxis } from './coverage';
import classes from './coverage-table.module.css';

interface CoverageTableProps {
  series: Series[];
  axis: TimeAxis;
  /** The one that is looked at. */
  open: { symbol: string | undefined; timeframe: string | undefined };
  onOpen: (series: Series) => void;
}

/** On a narrow screen each row becomes a card; the roles keep it a table for those who listen to it. */
export function CoverageTable({ series, axis, open, onOpen }: CoverageTableProps) {
  return (
    <div className={classes.frame}>
      <table className={classes.table} data-testid="coverage-table" role="table" aria-label="Stored bars">
        <thead role="rowgroup">
          <tr role="row">
            <Heading>Symbol</Heading>
            <Heading>Timeframe</Heading>
            <Heading numeric>Bars</Heading>
            <Heading>From (UTC)</Heading>
            <Heading>To (UTC)</Heading>
            <Heading>Source</Heading>
            <Heading numeric>Covered</Heading>
            <th scope="col" role="columnheader" className={classes.axisHeading}>
              <span className={classes.axis} aria-label="When">
                <span>{formatDay(new Date(axis.from).toISOString())}</span>
                <span>{formatDay(new Date(axis.to).toISOString())}</span>
              </span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {series.map((one) => (
            <SeriesRow
              key={`${one.symbol} ${one.timeframe}`}
              series={one}
              axis={axis}
              isOpen={one.symbol === open.symbol && one.timeframe === open.timeframe}
              onOpen={onOpen}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading({ children, numeric = false }: { children: string; numeric?: boolean }) {
  return (
    <th scope="col" role="columnheader" data-numeric={numeric || undefined}>
      {children}
    </th>
  );
}

interface SeriesRowProps {
  series: Series;
  axis: TimeAxis;
  isOpen: boolean;
  onOpen: (series: Series) => void;
}

function SeriesRow({ series, axis, isOpen, onOpen }: SeriesRowProps) {
  const { symbol, timeframe, bars, source } = series;
  return (
    <tr role="row" data-testid="series-row" data-open={isOpen || undefined}>
      <td role="cell" className={classes.symbol}>
        <button
          type="button"
          className={classes.opener}
          aria-expanded={isOpen}
          aria-label={`${symbol} ${timeframe}: show its candles`}
          onClick={() => {
            onOpen(series);
          }}
        >
          {symbol}
        </button>
      </td>
      <td role="cell" className={classes.timeframe}>
        {timeframe}
      </td>
      <td role="cell" className={classes.bars} data-numeric>
        {formatCount(bars)}
      </td>
      <td role="cell" className={classes.from}>
        <UtcTime at={series.start_time} />
      </td>
      <td role="cell" className={classes.to}>
        <UtcTime at={series.end_time} />
      </td>
      <td role="cell" className={classes.source}>
        {source}
      </td>
      <td role="cell" className={classes.share} data-numeric>
        <Share series={series} />
      </td>
      <td role="cell" className={classes.when}>
        <CoverageBar series={series} axis={axis} />
      </td>
    </tr>
  );
}

function Share({ series: { share, missingBars, symbol } }: { series: Series }) {
  if (share === null || missingBars === null) {
    const reason = `The market of ${symbol} closes, so not every moment has a bar.`;
    return <span title={reason}>{unknownMark}</span>;
  }
  const missing = `${formatCount(missingBars)} bars are missing between the first and the last`;
  return (
    <span className={classes.figure} data-whole={missingBars === 0 || undefined} title={missing}>
      {shareText(share)}
    </span>
  );
}

/** Drawn for a quick look: the dates beside it say the same. */
function CoverageBar({ series, axis }: { series: Series; axis: TimeAxis }) {
  const { left, width } = placeOn(axis, series);
  const style = { left: `${left * 100}%`, width: `${width * 100}%` };
  return (
    <span className={classes.track} aria-hidden="true">
      <span className={classes.extent} style={style} data-holes={(series.missingBars ?? 0) > 0 || undefined} />
    </span>
  );
}
