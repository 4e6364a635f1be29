import { useEffect, useRef, type RefObject } from 'react';

/** Keeps what is read in view while rows are added above it. `count`: how many rows there are; null leaves them alone. */
export function useReadingPlace(
  scroller: RefObject<HTMLElement | null>,
  count: number | null,
  rowHeight: number,
): void {
  const before = useRef(count);
  useEffect(() => {
    const added = count === null ? 0 : count - (before.current ?? count);
    before.current = count;
    const frame = scroller.current;
    if (frame !== null && frame.scrollTop > 0 && added > 0) frame.scrollBy(0, added * rowHeight);
  }, [scroller, count, rowHeight]);
}
