import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../../lib/api';
import type { Candle, Timeframe } from '../../../lib/api-types';

export interface CandlesWanted {
  symbol: string;
  timeframe: string;
  /** How many of the newest. */
  limit: number;
}

function fetchCandles({ symbol, timeframe, limit }: CandlesWanted, signal: AbortSignal): Promise<{ items: Candle[] }> {
  // One of the timeframes the server itself lists with its bars; another one is refused with a message.
  const query = { symbol, timeframe: timeframe as Timeframe, limit };
  return answerOf(api.GET('/api/v1/candles', { params: { query }, signal }));
}

/** The whole series as at most so many bars, longer ones where more are stored: where none of them is, there is a gap. */
export function useSeriesOutline(symbol: string, timeframe: string, points: number, enabled: boolean) {
  return useQuery({
    queryKey: ['candles', symbol, timeframe, 'outline', points],
    queryFn: ({ signal }) => {
      const query = { symbol, timeframe: timeframe as Timeframe, points };
      return answerOf(api.GET('/api/v1/candles', { params: { query }, signal }));
    },
    enabled,
    staleTime: 60_000,
  });
}

export function useCandles(wanted: CandlesWanted) {
  return useQuery({
    queryKey: ['candles', wanted.symbol, wanted.timeframe, wanted.limit],
    queryFn: ({ signal }) => fetchCandles(wanted, signal),
    placeholderData: keepPreviousData,
  });
}
