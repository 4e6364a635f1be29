import { Button, Skeleton } from '@mantine/core';
import { useMemo } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import type { Run } from '../../../lib/api-types';
import { useIndicators } from '../api/get-indicators';
import { useRunTape } from '../api/get-run-tape';
import { barsOfTape, timeframeSeconds } from './bars';
import { indicatorLines } from './indicator-lines';
import { MissingIndicators } from './missing-indicators';
import { PriceChart, type Focus } from './price-chart';
import { useRunMarks } from './use-run-marks';

interface TapeChartProps {
  run: Run;
  symbol: string;
  focus: Focus | null;
}

const barsAroundFocus = 120;
const mostPoints = 10_000;
/** Lines are asked for anew at each bar, but no more often than this. */
const leastSecondsBetween = 10;

/** The bars a paper or live run saw, from its tape: they are not in the store, and they are what was decided on. */
export function TapeChart({ run, symbol, focus }: TapeChartProps) {
  const { tape, earlier } = useRunTape(run.id);
  const { fills, holdings, lines, error } = useRunMarks(run, symbol);
  const bars = useMemo(() => barsOfTape(tape.data?.events ?? [], symbol), [tape.data, symbol]);
  const newest = Math.floor((bars.at(-1)?.time ?? 0) / leastSecondsBetween) * leastSecondsBetween;
  const asked = useIndicators(run.id, symbol, null, mostPoints, newest);
  const indicators = useMemo(() => indicatorLines(bars, asked.data?.parts ?? []), [bars, asked.data]);
  if (tape.data === undefined) {
    if (!tape.isError) return <Skeleton height={420} aria-label="Loading the bars" />;
    return <ErrorNotice title="The bars could not be loaded" error={tape.error} onRetry={() => void tape.refetch()} />;
  }
  if (bars.length === 0)
    return (
      <EmptyState
        title="No bar has closed yet"
        {...(run.status === 'pending' && { command: `weaver run start ${run.id}` })}
      >
        Bars appear here as they close, with what the run decided on them.
      </EmptyState>
    );
  const problem = earlier.error ?? error ?? asked.error;
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
        live
        withSeconds={timeframeSeconds(run.timeframe) < 60}
        focus={focus}
        focusSpan={barsAroundFocus * timeframeSeconds(run.timeframe)}
      >
        <MissingIndicators missing={asked.data?.missing ?? []} />
        {tape.data.firstPage > 1 && (
          <Button
            size="compact-xs"
            variant="default"
            loading={earlier.isPending}
            onClick={() => {
              earlier.mutate();
            }}
          >
            Earlier bars
          </Button>
        )}
      </PriceChart>
    </>
  );
}
