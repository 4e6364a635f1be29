/** Which zone the page shows times in: UTC, the one of the US exchanges, or the reader's own. Kept from visit to visit. */
import { useSyncExternalStore } from 'react';

export const timeZones = ['utc', 'exchange', 'local'] as const;
export type TimeZone = (typeof timeZones)[number];

const storageName = 'weaver.timeZone';
const listeners = new Set<() => void>();

export function readTimeZone(): TimeZone {
  const stored = localStorage.getItem(storageName);
  return timeZones.find((zone) => zone === stored) ?? 'utc';
}

export function chooseTimeZone(zone: TimeZone): void {
  localStorage.setItem(storageName, zone);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTimeZone(): TimeZone {
  return useSyncExternalStore(subscribe, readTimeZone);
}

/** "Europe/Berlin" */
export function localZoneName(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** As the calendar's data base of zones calls it. */
export function zoneId(zone: TimeZone): string {
  if (zone === 'utc') return 'UTC';
  return zone === 'exchange' ? 'America/New_York' : localZoneName();
}

const names: Record<TimeZone, string> = { utc: 'UTC', exchange: 'New York', local: 'local' };

/** "UTC", "New York" or "local": what a heading says beside its times. */
export const zoneName = (zone: TimeZone): string => names[zone];

export function useZoneName(): string {
  return zoneName(useTimeZone());
}
