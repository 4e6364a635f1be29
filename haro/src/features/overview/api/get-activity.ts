import { useQuery } from '@tanstack/react-query';
import type { Activity, Page } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export const activityKey = ['activity'] as const;
const shown = 25;

function fetchActivity(signal: AbortSignal): Promise<Page<Activity>> {
  return answerOf(api.GET('/api/v1/activity', { params: { query: { page_size: shown } }, signal }));
}

/** The last things that happened, the newest first. */
export function useActivity() {
  return useQuery({ queryKey: activityKey, queryFn: ({ signal }) => fetchActivity(signal) });
}
