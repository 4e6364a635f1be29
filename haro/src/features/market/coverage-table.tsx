import { useMemo } from 'react';
import type { DataColumn } from '../../components/data-table/data-column';
import { DataTable } from '../../components/data-table/data-table';
import { RowCard } from '../../components/row-card';
import { ZonedTime } from '../../components/zoned-time';
import { formatCount, unknownMark } from '../../lib/number-format';
import { formatDay } from '../../lib/time-format';
import { useTimeZone } from '../../lib/time-zone';
import { timeframeSeconds } from '../../lib/timeframe';
import { placeOn, shareText, type Series, type TimeAxis } from './coverage';
import classes from './coverage-table.module.css';

interface CoverageTableProps {
  series: Series[];
  axis: TimeAxis;
  /** The one that is looked at. */
  open: { symbol: string | undefined; timeframe: string | undefined };
  onOpen: (series: Series) => void;
}

const seriesKey = ({ symbol, timeframe }: { symbol: string | undefined; timeframe: string | undefined }) =>
  `${symbol ?? ''} ${timeframe ?? ''}`;
const seriesData = () => ({ 'data-testid': 'series-row' });

/** What is stored, a row for each series; a row opens its candles. */
export function CoverageTable({ series, axis, open, onOpen }: CoverageTableProps) {
  const zone = useTimeZone();
  const [first, last] = [axis.from, axis.to].map((moment) => formatDay(new Date(moment).toISOString(), zone));
  const columns = useMemo(() => coverageColumns(axis, `${first ?? ''} – ${last ?? ''}`), [axis, first, last]);
  return (
    <DataTable
      label="Stored bars"
      testId="coverage-table"
      columns={columns}
      rows={series}
      rowKey={seriesKey}
      rowData={seriesData}
      currentKey={seriesKey(open)}
      onOpen={onOpen}
      card={(one) => <SeriesCard series={one} axis={axis} />}
      cardHeight={86}
      maxHeight="max(18rem, 50dvh)"
    />
  );
}

function coverageColumns(axis: TimeAxis, extent: string): DataColumn<Series>[] {
  return [
    {
      id: 'symbol',
      header: 'Symbol',
      width: 8,
      cell: ({ symbol }) => <strong>{symbol}</strong>,
      sortValue: ({ symbol }) => symbol,
    },
    {
      id: 'timeframe',
      header: 'Timeframe',
      width: 6,
      grow: 0,
      cell: ({ timeframe }) => <span className={classes.dim}>{timeframe}</span>,
      sortValue: ({ timeframe }) => timeframeSeconds(timeframe),
    },
    {
      id: 'bars',
      header: 'Bars',
      width: 6,
      numeric: true,
      cell: ({ bars }) => formatCount(bars),
      sortValue: ({ bars }) => bars,
    },
    {
      id: 'from',
      header: 'From',
      ofTime: true,
      width: 9.5,
      grow: 0,
      cell: ({ start_time }) => <ZonedTime at={start_time} />,
      sortValue: ({ from }) => from,
    },
    {
      id: 'to',
      header: 'To',
      ofTime: true,
      width: 9.5,
      grow: 0,
      cell: ({ end_time }) => <ZonedTime at={end_time} />,
      sortValue: ({ to }) => to,
    },
    {
      id: 'source',
      header: 'Source',
      width: 6,
      cell: ({ source }) => <span className={classes.dim}>{source}</span>,
      sortValue: ({ source }) => source,
    },
    {
      id: 'covered',
      header: 'Covered',
      width: 6.5,
      grow: 0,
      numeric: true,
      cell: (series) => <Share series={series} />,
      sortValue: ({ share }) => share,
    },
    {
      id: 'when',
      header: extent,
      width: 13,
      grow: 3,
      cell: (series) => <CoverageBar series={series} axis={axis} />,
    },
  ];
}

function SeriesCard({ series, axis }: { series: Series; axis: TimeAxis }) {
  const zone = useTimeZone();
  return (
    <div className={classes.card}>
      <RowCard>
        <span>
          <strong>{series.symbol}</strong> {series.timeframe} <span className={classes.dim}>{series.source}</span>
        </span>
        <span>{formatCount(series.bars)} bars</span>
        <span className={classes.dim}>
          {formatDay(series.start_time, zone)} – {formatDay(series.end_time, zone)}
        </span>
        <Share series={series} />
      </RowCard>
      <CoverageBar series={series} axis={axis} />
    </div>
  );
}

function Share({ series: { share, missingBars, symbol } }: { series: Series }) {
  if (share === null || missingBars === null) {
    const reason = `The market of ${symbol} closes, so not every moment has a bar.`;
    return <span title={reason}>{unknownMark}</span>;
  }
  const missing = `${formatCount(missingBars)} bars are missing between the first and the last`;
  return (
    <span className={classes.share} data-whole={missingBars === 0 || undefined} title={missing}>
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
