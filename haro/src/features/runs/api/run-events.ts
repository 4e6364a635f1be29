export const runEventsKey = (runId: string) => ['runs', 'events', runId] as const;
