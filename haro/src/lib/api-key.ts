/** The API key of this tab, and whether the server turned the current one down. Kept in session storage, never in a URL. */
import { useSyncExternalStore } from 'react';

const storageName = 'weaver.apiKey';

export type Access = 'open' | 'key-wanted' | 'key-refused';

let access: Access = 'open';
const listeners = new Set<() => void>();

function announce(next: Access): void {
  if (next === access) return;
  access = next;
  for (const listener of listeners) listener();
}

export function readApiKey(): string | null {
  return sessionStorage.getItem(storageName);
}

export function saveApiKey(key: string): void {
  sessionStorage.setItem(storageName, key);
  announce('open');
}

/** Called on every 401. `usedKey` is what the refused request carried: an older answer must not undo a newer login. */
export function reportUnauthorized(usedKey: string | null): void {
  if (usedKey === readApiKey()) announce(usedKey === null ? 'key-wanted' : 'key-refused');
}

export function readAccess(): Access {
  return access;
}

export function subscribeToAccess(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useAccess(): Access {
  return useSyncExternalStore(subscribeToAccess, readAccess);
}
