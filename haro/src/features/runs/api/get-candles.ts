import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Timeframe } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';
import { barOfCandle, type Bar, type Span } from '../chart/bars';

const candlesKey = (symbol: string, timeframe: string) => ['candles', symbol, timeframe] as const;

export interface CandleWindow {
  span: Span;
  bars: Bar[];
  /** Length of each of them, in seconds: longer than the timeframe where many were added up. */
  seconds: number;
}

const isoOf = (seconds: number): string => new Date(seconds * 1_000).toISOString();

async function fetchCandles(
  symbol: string,
  timeframe: Timeframe,
  span: Span,
  points: number,
  signal: AbortSignal,
): Promise<CandleWindow> {
  const query = { symbol, timeframe, start: isoOf(span.from), end: isoOf(span.to), points };
  const { items, seconds } = await answerOf(api.GET('/api/v1/candles', { params: { query }, signal }));
  return { span, bars: items.map(barOfCandle), seconds };
}

/** The bars of a stretch of time as at most so many points; null asks for nothing. Stored bars rarely change. */
export function useCandles(symbol: string, timeframe: Timeframe, span: Span | null, points: number) {
  return useQuery({
    queryKey: [...candlesKey(symbol, timeframe), span?.from, span?.to, points],
    queryFn: ({ signal }) => fetchCandles(symbol, timeframe, span ?? { from: 0, to: 0 }, points, signal),
    enabled: span !== null,
    placeholderData: keepPreviousData,
    staleTime: 300_000,
    structuralSharing: false,
  });
}
