/** The keys that mean the same on every page. */
import { useEffect } from 'react';

interface PageKeys {
  palette: () => void;
  keys: () => void;
}

export function usePageKeys({ palette, keys }: PageKeys): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const wanted = isPaletteKey(event) ? palette : event.key === '?' && !isTyping(event.target) ? keys : null;
      if (wanted === null) return;
      event.preventDefault();
      wanted();
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
    };
  }, [palette, keys]);
}

function isPaletteKey({ key, metaKey, ctrlKey, altKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === 'k' && (metaKey || ctrlKey) && !altKey;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
