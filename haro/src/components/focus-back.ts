import { useEffect } from 'react';

/** Gives the focus back to who had it when this opened, also where closing takes the whole component away. */
export function useFocusBack(open: boolean): void {
  useEffect(() => {
    if (!open) return;
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [open]);
}
