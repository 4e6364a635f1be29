import type { ReactNode } from 'react';

/** Rows by number, of which some may not be here yet. Every array is one. */
export interface SparseRows<Row> {
  readonly length: number;
  /** Undefined while the row is not loaded. */
  at: (index: number) => Row | undefined;
}

/** The rows from `start` to `end`, both inclusive, counted from 0. */
export interface RowRange {
  start: number;
  end: number;
}

export type SortValue = string | number | null | undefined;

export interface DataColumn<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** It holds times: its header says in which zone they are shown. */
  ofTime?: boolean;
  /** Right-aligned, header too. */
  numeric?: boolean;
  /** In rem: what the column has at least. Together more than the page is wide, the table scrolls sideways. */
  width?: number;
  /** Its share of the room that is left; 0 keeps it at `width`. */
  grow?: number;
  /** Makes the column sortable, in tables that have all their rows. What is unknown comes last either way. */
  sortValue?: (row: Row) => SortValue;
  /** Left out below 600 px, unless the table shows cards there. */
  wideOnly?: boolean;
  /** For a screen reader only: a column of buttons needs no visible title. */
  headerHidden?: boolean;
}

export const defaultWidth = 7;

export function gridOf<Row>(columns: DataColumn<Row>[], withSelection: boolean): { template: string; minimum: string } {
  const tracks = columns.map(({ width = defaultWidth, grow = 1 }) =>
    grow === 0 ? `${width}rem` : `minmax(${width}rem, ${grow}fr)`,
  );
  const total = columns.reduce((sum, { width = defaultWidth }) => sum + width, withSelection ? selectionWidth : 0);
  return {
    template: (withSelection ? [`${selectionWidth}rem`, ...tracks] : tracks).join(' '),
    minimum: `${total}rem`,
  };
}

const selectionWidth = 2.75;

/** Numbers by size, texts as a reader would sort them ("run 2" before "run 10"). */
export function compareSortValues(left: SortValue, right: SortValue): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return collator.compare(String(left), String(right));
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
