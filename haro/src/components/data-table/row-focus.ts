/** One row of a table can be tabbed to; the arrow keys go from there. */
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';

export interface RowFocus {
  /** The row that Tab leads to. */
  index: number;
  set: (index: number) => void;
  /** Answers the row a key leads to, which then has the focus; null where the key means nothing here. */
  move: (event: KeyboardEvent<HTMLElement>, pageRows: number) => number | null;
}

export function useRowFocus(count: number): RowFocus {
  const [chosen, setChosen] = useState(0);
  const group = useRef<HTMLElement | null>(null);
  const index = Math.min(chosen, Math.max(0, count - 1));
  useEffect(() => {
    const row = group.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
    group.current = null;
    row?.focus({ preventScroll: true });
  }, [index]);
  return {
    index,
    set: setChosen,
    move: (event, pageRows) => {
      const isRow = event.target instanceof HTMLElement && event.target.dataset.index !== undefined;
      const target = isRow ? targetOf(event.key, index, count, pageRows) : null;
      if (target === null) return null;
      event.preventDefault();
      group.current = event.currentTarget;
      setChosen(target);
      return target;
    },
  };
}

export function targetOf(key: string, index: number, count: number, pageRows: number): number | null {
  const steps: Record<string, number> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + pageRows,
    PageUp: index - pageRows,
    Home: 0,
    End: count - 1,
  };
  const target = steps[key];
  return target === undefined ? null : Math.max(0, Math.min(count - 1, target));
}
