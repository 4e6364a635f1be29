/** Column headers and the rows in the order chosen there, by TanStack Table. */
import {
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
  type SortingState,
} from '@tanstack/react-table';
import { useMemo, useState } from 'react';
import { compareSortValues, type DataColumn, type SortValue, type SparseRows } from './data-column';

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });
const none: never[] = [];

export interface InitialSort {
  column: string;
  descending: boolean;
}

export type SortDirection = 'asc' | 'desc' | false;

export interface HeaderCell {
  id: string;
  header: string;
  ofTime: boolean;
  numeric: boolean;
  hidden: boolean;
  sorted: SortDirection;
  /** Undefined where the column cannot be sorted. */
  toggle: (() => void) | undefined;
}

/** Rows of which only some are loaded keep the order they came in: the server's. */
export function useSortedRows<Row extends object>(
  columns: DataColumn<Row>[],
  rows: SparseRows<Row> | Row[],
  initial: InitialSort | undefined,
): { headers: HeaderCell[]; ordered: SparseRows<Row> } {
  const [sorting, setSorting] = useState<SortingState>(
    initial === undefined ? [] : [{ id: initial.column, desc: initial.descending }],
  );
  const whole = Array.isArray(rows);
  const definitions = useMemo(() => columns.map(definitionOf), [columns]);
  const table = useTable({
    features,
    columns: definitions,
    data: whole ? rows : none,
    state: { sorting },
    onSortingChange: setSorting,
    enableMultiSort: false,
  });
  const sorted = table.getRowModel().rows;
  const ordered = useMemo<SparseRows<Row>>(
    () => (whole ? { length: sorted.length, at: (index) => sorted[index]?.original } : rows),
    [whole, sorted, rows],
  );
  const headers = columns.map((column): HeaderCell => {
    const model = table.getColumn(column.id);
    const sortable = whole && column.sortValue !== undefined && model !== undefined;
    return {
      id: column.id,
      header: column.header,
      ofTime: column.ofTime ?? false,
      numeric: column.numeric ?? false,
      hidden: column.headerHidden ?? false,
      sorted: sortable ? model.getIsSorted() : false,
      toggle: sortable
        ? () => {
            model.toggleSorting();
          }
        : undefined,
    };
  });
  return { headers, ordered };
}

function definitionOf<Row extends object>(column: DataColumn<Row>): ColumnDef<typeof features, Row> {
  return {
    id: column.id,
    header: column.header,
    accessorFn: (row: Row): SortValue => column.sortValue?.(row) ?? undefined,
    enableSorting: column.sortValue !== undefined,
    sortUndefined: 'last',
    sortFn: (left, right, id) => compareSortValues(left.getValue<SortValue>(id), right.getValue<SortValue>(id)),
  };
}
