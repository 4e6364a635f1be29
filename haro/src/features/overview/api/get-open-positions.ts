import { useQuery } from '@tanstack/react-query';
import type { Position } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const openPositionsKey = ['positions', 'open'] as const;
const most = 100;

/** Of paper and live runs: what a backtest ended with is nobody's risk. */
async function fetchOpenPositions(signal: AbortSignal): Promise<Position[]> {
  const asked = (['live', 'paper'] as const).map((mode) =>
    answerOf(api.GET('/api/v1/positions', { params: { query: { mode, state: 'open', page_size: most } }, signal })),
  );
  return (await Promise.all(asked)).flatMap(({ items }) => items);
}

export function useOpenPositions() {
  return useQuery({ queryKey: openPositionsKey, queryFn: ({ signal }) => fetchOpenPositions(signal) });
}
