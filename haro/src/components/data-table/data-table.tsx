import { useMediaQuery } from '@mantine/hooks';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import { gridOf, type DataColumn, type RowRange, type SparseRows } from './data-column';
import { DataTableHeader } from './data-table-header';
import { DataTableRow } from './data-table-row';
import classes from './data-table.module.css';
import { useReadingPlace } from './reading-place';
import { useRowFocus } from './row-focus';
import { SelectAll } from './select-all';
import { useSortedRows, type InitialSort } from './sorted-rows';

export interface RowSelection {
  selected: ReadonlySet<string>;
  onChange: (selected: ReadonlySet<string>) => void;
}

export interface DataTableProps<Row extends object> {
  /** Read out as the table's name. */
  label: string;
  /** Keep it the same from render to render: a constant, or memoised. */
  columns: DataColumn<Row>[];
  /** An array, or what `usePagedRows` gives. */
  rows: SparseRows<Row> | Row[];
  rowKey: (row: Row) => string;
  /** How a screen reader and the checkbox call the row. */
  rowName?: (row: Row) => string;
  /** By click, or Enter on the focused row. */
  onOpen?: (row: Row) => void;
  selection?: RowSelection;
  /** Told which rows are in view, so that they can be loaded. */
  onNeed?: (range: RowRange) => void;
  initialSort?: InitialSort;
  /** Instead of the table, when there are no rows. */
  empty?: ReactNode;
  /** Below 600 px a row is shown as this instead of its cells. */
  card?: (row: Row) => ReactNode;
  /** In px; every row is as tall as every other, so that 100,000 of them scroll smoothly. */
  rowHeight?: number;
  cardHeight?: number;
  /** The table scrolls inside this height; fewer rows take less. A CSS length. */
  maxHeight?: string;
  /** Inside a panel: the panel has the border. */
  inPanel?: boolean;
  /** New rows come in at the top: who reads further down stays where they are. */
  growsAtTop?: boolean;
  /** The row that is shown elsewhere on the page. */
  currentKey?: string | undefined;
  /** `data-…` attributes of a row. */
  rowData?: (row: Row) => Record<`data-${string}`, string>;
  testId?: string;
}

const rowsBeyondView = 8;

/** The table of the page: typed columns, only what is in view in the document, a header that stays, keys to move about. */
export function DataTable<Row extends object>({
  columns: allColumns,
  rows,
  selection,
  onNeed,
  initialSort,
  empty,
  card,
  rowHeight = 36,
  cardHeight = 76,
  maxHeight = 'max(20rem, calc(100dvh - 16rem))',
  inPanel = false,
  growsAtTop = false,
  ...table
}: DataTableProps<Row>) {
  const narrow = useMediaQuery('(max-width: 37.49em)', false, { getInitialValueInEffect: false });
  const showCard = narrow && card !== undefined ? card : undefined;
  const columns = useMemo(
    () => (narrow && card === undefined ? allColumns.filter(({ wideOnly }) => wideOnly !== true) : allColumns),
    [allColumns, narrow, card],
  );
  const { headers, ordered } = useSortedRows(columns, rows, initialSort);
  const scroller = useRef<HTMLDivElement>(null);
  const height = showCard ? cardHeight : rowHeight;
  const focus = useRowFocus(ordered.length);
  useReadingPlace(scroller, growsAtTop ? ordered.length : null, height);
  // eslint-disable-next-line react-hooks/incompatible-library -- this component is not compiled, and memoises nothing of it
  const virtualizer = useVirtualizer({
    count: ordered.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: rowsBeyondView,
    scrollPaddingStart: showCard ? 0 : headerHeight,
    // The focused row stays in the document: Tab and the arrow keys go on from it however far one has scrolled.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      if (focus.index >= range.count || indexes.includes(focus.index)) return indexes;
      return [...indexes, focus.index].sort((left, right) => left - right);
    },
  });
  useEffect(() => {
    virtualizer.measure();
  }, [virtualizer, height]);
  const { startIndex: start = 0, endIndex: end = -1 } = virtualizer.range ?? {};
  useEffect(() => {
    // As many as are in the document: the rows just out of view are there before they are seen.
    const last = Math.min(end + rowsBeyondView, ordered.length - 1);
    if (end >= start) onNeed?.({ start: Math.max(0, start - rowsBeyondView), end: last });
  }, [onNeed, start, end, ordered.length]);

  if (ordered.length === 0) return <div className={inPanel ? undefined : classes.frame}>{empty}</div>;
  const grid = gridOf(columns, selection !== undefined);
  const style = { '--columns': grid.template, '--least-width': showCard ? '0' : grid.minimum, maxHeight };
  return (
    <div
      ref={scroller}
      className={classes.frame}
      style={style}
      role="table"
      aria-label={table.label}
      aria-rowcount={ordered.length + 1}
      aria-colcount={columns.length + (selection ? 1 : 0)}
      data-testid={table.testId}
      data-cards={showCard !== undefined || undefined}
      data-in-panel={inPanel || undefined}
      tabIndex={table.onOpen || selection ? -1 : 0}
    >
      <DataTableHeader
        headers={headers}
        selectAll={selection && Array.isArray(rows) && <SelectAll rows={rows} rowKey={table.rowKey} {...selection} />}
        selectable={selection !== undefined}
      />
      <div
        role="rowgroup"
        className={classes.body}
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={(event) => {
          const target = focus.move(event, Math.max(1, end - start - 1));
          if (target !== null) virtualizer.scrollToIndex(target);
        }}
      >
        {virtualizer.getVirtualItems().map(({ index, start: top }) => (
          <DataTableRow
            key={index}
            {...table}
            index={index}
            row={ordered.at(index)}
            columns={columns}
            card={showCard}
            selection={selection}
            focused={index === focus.index}
            onFocus={focus.set}
            top={top}
            height={height}
          />
        ))}
      </div>
    </div>
  );
}

const headerHeight = 34;
