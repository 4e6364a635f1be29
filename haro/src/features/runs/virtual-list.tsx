import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type ReactNode } from 'react';
import type { Places } from './sparse-list';
import classes from './virtual-list.module.css';

interface VirtualListProps {
  label: string;
  count: number;
  rowHeight: number;
  /** The row at a place, counted from the oldest. */
  row: (place: number) => ReactNode;
  onPlaces?: (places: Places) => void;
  testId?: string;
}

/** A list as long as one likes, the newest row first: only what is seen is in the document. */
export function VirtualList({ label, count, rowHeight, row, onPlaces, testId }: VirtualListProps) {
  const frame = useRef<HTMLDivElement>(null);
  const before = useRef(count);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are only called here
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 0, height: 600 },
  });
  const rows = virtual.getVirtualItems();
  const [newest, oldest] = [rows[0]?.index ?? 0, rows.at(-1)?.index ?? 0];

  useEffect(() => {
    onPlaces?.({ from: count - 1 - oldest, to: count - 1 - newest });
  }, [onPlaces, count, newest, oldest]);

  useEffect(() => {
    // Who reads further down stays where they are while rows are added above.
    const added = count - before.current;
    before.current = count;
    if (frame.current !== null && frame.current.scrollTop > 0 && added > 0)
      frame.current.scrollTop += added * rowHeight;
  }, [count, rowHeight]);

  return (
    <div ref={frame} className={classes.frame} tabIndex={0} role="region" aria-label={label} data-testid={testId}>
      <ol className={classes.list} style={{ height: virtual.getTotalSize() }} aria-label={label}>
        {rows.map(({ index, start, size }) => (
          <li key={index} className={classes.row} style={{ height: size, transform: `translateY(${start}px)` }}>
            {row(count - 1 - index)}
          </li>
        ))}
      </ol>
    </div>
  );
}
