import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../../lib/api';

const shownLines = 200;
const refetchMs = 3_000;

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** The newest lines of at least that level; asked for again and again, as no event tells of them. */
export function useProcessLog(level: LogLevel) {
  return useQuery({
    queryKey: ['system', 'log', level],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/system/log', { params: { query: { level, limit: shownLines } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs,
  });
}
