/** Light or dark: as the reader's system says, until the reader says otherwise; always light on paper. */
import { useSyncExternalStore } from 'react';

export type Scheme = 'light' | 'dark';

const attribute = 'data-mantine-color-scheme';
const listeners = new Set<() => void>();
const system = window.matchMedia('(prefers-color-scheme: dark)');
let chosen: Scheme | null = null;
let printing = false;

function scheme(): Scheme {
  if (printing) return 'light';
  return chosen ?? (system.matches ? 'dark' : 'light');
}

function apply(): void {
  document.documentElement.setAttribute(attribute, scheme());
  for (const listener of listeners) listener();
}

/** What has to be drawn anew when colours change is told, at once: paper does not wait for the next frame. */
export function onSchemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function chooseScheme(wanted: Scheme): void {
  chosen = wanted;
  apply();
}

export function useScheme(): Scheme {
  return useSyncExternalStore(onSchemeChange, scheme);
}

system.addEventListener('change', apply);
window.addEventListener('beforeprint', () => {
  printing = true;
  apply();
});
window.addEventListener('afterprint', () => {
  printing = false;
  apply();
});
apply();
