import { CloseButton, Skeleton } from '@mantine/core';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { TimesIn } from '../../components/zoned-time';
import { formatCount } from '../../lib/number-format';
import { timeframeSeconds } from '../../lib/timeframe';
import { useCandles } from './api/get-candles';
import classes from './candle-preview.module.css';
import type { Series } from './coverage';
import { SeriesGaps } from './series-gaps';

const CandleChart = lazy(async () => ({ default: (await import('./candle-chart')).CandleChart }));

const shownBars = 300;

interface CandlePreviewProps {
  symbol: string;
  timeframe: string;
  /** Undefined when the store has no such series. */
  series: Series | undefined;
  onClose: () => void;
}

/** The newest bars of one series, its gaps, and how to get more. Comes into view when it is opened. */
export function CandlePreview({ symbol, timeframe, series, onClose }: CandlePreviewProps) {
  const holder = useRef<HTMLDivElement>(null);
  const candles = useCandles({ symbol, timeframe, limit: shownBars });
  useEffect(() => {
    holder.current?.scrollIntoView({ block: 'nearest' });
  }, [symbol, timeframe]);
  const count = candles.data?.items.length ?? 0;
  return (
    <div ref={holder} className={classes.holder} data-testid="candle-preview">
      <Panel
        title={`${symbol} ${timeframe}`}
        aside={
          <span className={classes.aside}>
            {count > 0 && (
              <span>
                the last {formatCount(count)} bars, <TimesIn />
              </span>
            )}
            <CloseButton size="sm" aria-label="Close the preview" onClick={onClose} />
          </span>
        }
      >
        <div className={classes.frame} data-old={candles.isPlaceholderData || undefined}>
          <Content candles={candles} isSubMinute={(timeframeSeconds(timeframe) ?? 0) < 60} />
        </div>
        {series && <SeriesGaps series={series} />}
      </Panel>
    </div>
  );
}

function Content({ candles, isSubMinute }: { candles: ReturnType<typeof useCandles>; isSubMinute: boolean }) {
  const blank = <Skeleton height="100%" aria-label="Loading the bars" />;
  if (candles.data === undefined) {
    if (!candles.isError) return blank;
    const retry = () => void candles.refetch();
    return <ErrorNotice title="The bars could not be loaded" error={candles.error} onRetry={retry} />;
  }
  if (candles.data.items.length === 0) return <p className={classes.nothing}>No bars are stored.</p>;
  return (
    <Suspense fallback={blank}>
      <CandleChart candles={candles.data.items} isSubMinute={isSubMinute} />
    </Suspense>
  );
}
