import { Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useMemo } from 'react';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { FilterField } from '../../components/filter-field';
import { FilterLine, PageBody } from '../../components/page-body';
import { PageHeading } from '../../components/page-heading';
import { formatCount } from '../../lib/number-format';
import { useSymbols } from '../../lib/requests/get-symbols';
import { CandlePreview } from './candle-preview';
import { commonAxis, matchingSeries, seriesOf, type Series } from './coverage';
import { CoverageTable } from './coverage-table';

/** What the address says. */
export interface DataSearch {
  /** The filter. */
  q?: string;
  /** The series that is looked at: both or none. */
  symbol?: string;
  timeframe?: string;
}

interface DataPageProps {
  search: DataSearch;
  onSearch: (search: DataSearch) => void;
}

const refetchMs = 15_000;

/** What bars there are, of which time, and a look at them. */
export function DataPage({ search, onSearch }: DataPageProps) {
  useDocumentTitle('Data · Weaver');
  return (
    <>
      <PageHeading title="Data" />
      <Content search={search} onSearch={onSearch} />
    </>
  );
}

function Content({ search, onSearch }: DataPageProps) {
  const symbols = useSymbols({ refetchMs });
  const series = useMemo(() => seriesOf(symbols.data?.items ?? []), [symbols.data]);
  const retry = () => void symbols.refetch();
  if (symbols.data === undefined) {
    if (symbols.isError)
      return <ErrorNotice title="What is stored could not be loaded" error={symbols.error} onRetry={retry} />;
    return <TableSkeleton />;
  }
  return (
    <PageBody>
      {symbols.isError && <ErrorNotice title="This list may be old" error={symbols.error} onRetry={retry} />}
      {series.length > 0 ? <Stored series={series} search={search} onSearch={onSearch} /> : <NothingStored />}
    </PageBody>
  );
}

function Stored({ series, search, onSearch }: DataPageProps & { series: Series[] }) {
  const { q = '', symbol, timeframe } = search;
  const shown = useMemo(() => matchingSeries(series, q), [series, q]);
  const axis = useMemo(() => commonAxis(shown), [shown]);
  const opened = symbol !== undefined && timeframe !== undefined;
  const close = () => {
    onSearch(q === '' ? {} : { q });
  };
  return (
    <>
      <FilterLine count={countText(shown, series)}>
        <FilterField
          label="Filter by symbol, timeframe or source"
          placeholder="Symbol, timeframe, source"
          value={q}
          onChange={(text) => {
            onSearch({ ...(text !== '' && { q: text }), ...(opened && { symbol, timeframe }) });
          }}
        />
      </FilterLine>
      {axis === null ? (
        <EmptyState title={`Nothing matches “${q}”`}>
          {formatCount(series.length)} series are stored under other names.
        </EmptyState>
      ) : (
        <CoverageTable
          series={shown}
          axis={axis}
          open={{ symbol, timeframe }}
          onOpen={(one) => {
            if (one.symbol === symbol && one.timeframe === timeframe) close();
            else onSearch({ ...(q !== '' && { q }), symbol: one.symbol, timeframe: one.timeframe });
          }}
        />
      )}
      {opened && (
        <CandlePreview
          symbol={symbol}
          timeframe={timeframe}
          series={series.find((one) => one.symbol === symbol && one.timeframe === timeframe)}
          onClose={close}
        />
      )}
    </>
  );
}

function countText(shown: Series[], all: Series[]): string {
  const bars = formatCount(shown.reduce((sum, one) => sum + one.bars, 0));
  const series = shown.length === all.length ? formatCount(all.length) : `${shown.length} of ${all.length}`;
  return `${series} series · ${bars} bars`;
}

function NothingStored() {
  return (
    <EmptyState
      framed
      title="No market data yet"
      command={[
        'weaver data import bars.csv --symbol BTC/USD --timeframe 1h',
        'weaver data download BTC/USD --timeframe 1h --start 2024-01-01',
      ]}
    >
      Import bars from a CSV or Parquet file with the columns timestamp, open, high, low, close and volume, or download
      them from Alpaca: crypto needs no key. They appear here by themselves.
    </EmptyState>
  );
}

function TableSkeleton() {
  return (
    <PageBody loading="Loading what is stored">
      {Array.from({ length: 6 }, (_, row) => (
        <Skeleton key={row} height={36} />
      ))}
    </PageBody>
  );
}
