import { Skeleton } from '@mantine/core';
import { useMemo, useState } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import type { Run, Timeframe } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { useCandles } from '../api/get-candles';
import { useIndicators } from '../api/get-indicators';
import { secondsOf, timeframeSeconds, type Span } from './bars';
import { alignedTo, coarsePoints, detailPoints, layOver, serves, windowFor } from './detail-window';
import { indicatorLines } from './indicator-lines';
import { MissingIndicators } from './missing-indicators';
import { PriceChart, type Focus } from './price-chart';
import { useRunMarks } from './use-run-marks';

interface RunChartProps {
  run: Run;
  symbol: string;
  focus: Focus | null;
}

const barsAroundFocus = 160;

/** A backtest's bars, from the store: the whole range coarsely, what is on screen in detail. */
export function StoredBarsChart({ run, symbol, focus }: RunChartProps) {
  const timeframe = run.timeframe as Timeframe;
  const extent = extentOf(run);
  const [asked, setAsked] = useState<Span | null>(null);
  const coarse = useCandles(symbol, timeframe, extent, coarsePoints);
  const coarseIsExact = coarse.data !== undefined && coarse.data.seconds <= timeframeSeconds(timeframe);
  const detail = useCandles(symbol, timeframe, coarseIsExact ? null : asked, detailPoints);
  const { fills, holdings, lines, error, missing } = useRunMarks(run, symbol);
  const [whole, part] = [coarse.data, detail.data];
  const bars = useMemo(() => {
    if (whole === undefined) return [];
    return part === undefined ? whole.bars : layOver(whole.bars, part.bars, part.span);
  }, [whole, part]);

  const wholeLines = useIndicators(run.id, symbol, extent, coarsePoints);
  const partLines = useIndicators(run.id, symbol, coarseIsExact ? null : asked, detailPoints);
  const indicators = useMemo(
    () => indicatorLines(bars, wholeLines.data?.parts ?? [], partLines.data?.parts),
    [bars, wholeLines.data, partLines.data],
  );

  const follow = (visible: Span) => {
    if (whole === undefined || coarseIsExact) return;
    const isExact = part !== undefined && part.seconds <= timeframeSeconds(timeframe);
    if (asked !== null && serves(asked, visible, extent, isExact)) return;
    setAsked(alignedTo(whole.bars, windowFor(visible, extent)));
  };

  if (whole === undefined) {
    if (!coarse.isError) return <Skeleton height={420} aria-label="Loading the bars" />;
    return (
      <ErrorNotice title="The bars could not be loaded" error={coarse.error} onRetry={() => void coarse.refetch()} />
    );
  }
  if (whole.bars.length === 0)
    return (
      <EmptyState title="The store has no bars of this run" command={`weaver data import bars.csv --symbol ${symbol}`}>
        A run that reads its bars from files leaves none behind for the chart.
      </EmptyState>
    );
  const problem = detail.error ?? error ?? wholeLines.error ?? partLines.error;
  return (
    <>
      {problem !== null && <ErrorNotice title="The chart lacks something" error={problem} />}
      <PriceChart
        symbol={symbol}
        bars={bars}
        fills={fills}
        holdings={holdings}
        lines={lines}
        indicators={indicators}
        live={false}
        focus={focus}
        focusSpan={barsAroundFocus * timeframeSeconds(timeframe)}
        onSpan={follow}
      >
        <MissingIndicators missing={wholeLines.data?.missing ?? []} />
        {missing > 0 && <span>the first {formatCount(missing)} fills are not marked</span>}
      </PriceChart>
    </>
  );
}

function extentOf(run: Run): Span {
  const from = run.start_time === null ? 0 : secondsOf(run.start_time);
  return { from, to: run.end_time === null ? Math.ceil(Date.now() / 1_000) : secondsOf(run.end_time) };
}
