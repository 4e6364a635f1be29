/** Which zone the page shows times in: UTC, or the one of the reader's machine. Kept from visit to visit. */
import { useSyncExternalStore } from 'react';

export type TimeZone = 'utc' | 'local';

const storageName = 'weaver.timeZone';
const listeners = new Set<() => void>();

export function readTimeZone(): TimeZone {
  return localStorage.getItem(storageName) === 'local' ? 'local' : 'utc';
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

/** "UTC" or "local": what a heading says beside its times. */
export function useZoneName(): string {
  return useTimeZone() === 'utc' ? 'UTC' : 'local';
}

/** "Europe/Berlin" */
export function localZoneName(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
