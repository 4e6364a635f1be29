import { Checkbox } from '@mantine/core';
import type { MouseEvent, ReactNode } from 'react';
import type { DataColumn } from './data-column';
import type { RowSelection } from './data-table';
import classes from './data-table.module.css';

interface DataTableRowProps<Row> {
  index: number;
  row: Row | undefined;
  columns: DataColumn<Row>[];
  rowKey: (row: Row) => string;
  rowName?: (row: Row) => string;
  card: ((row: Row) => ReactNode) | undefined;
  selection: RowSelection | undefined;
  onOpen?: (row: Row) => void;
  currentKey?: string | undefined;
  rowData?: (row: Row) => Record<`data-${string}`, string>;
  focused: boolean;
  onFocus: (index: number) => void;
  top: number;
  height: number;
}

export function DataTableRow<Row>({ row, index, columns, selection, onOpen, ...table }: DataTableRowProps<Row>) {
  const key = row === undefined ? undefined : table.rowKey(row);
  const operable = onOpen !== undefined || selection !== undefined;
  const open = () => {
    if (row !== undefined) onOpen?.(row);
  };
  const toggle = () => {
    if (key !== undefined && selection) selection.onChange(toggled(selection.selected, key));
  };
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-busy={row === undefined ? true : undefined}
      aria-current={key !== undefined && key === table.currentKey ? true : undefined}
      className={classes.row}
      style={{ height: table.height, transform: `translateY(${table.top}px)` }}
      data-index={index}
      data-openable={onOpen !== undefined || undefined}
      data-selected={key !== undefined && selection?.selected.has(key) ? true : undefined}
      {...(row !== undefined && table.rowData?.(row))}
      {...(operable && { tabIndex: table.focused ? 0 : -1 })}
      onFocus={() => {
        table.onFocus(index);
      }}
      onClick={(event) => {
        if (!isOnControl(event)) open();
      }}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        if (event.key === 'Enter') open();
        if (event.key === ' ' && selection) {
          event.preventDefault();
          toggle();
        }
      }}
    >
      {selection && (
        <div role="cell" className={classes.cell} data-check>
          <Checkbox
            size="xs"
            tabIndex={-1}
            aria-label={`Select ${row === undefined ? 'row' : (table.rowName?.(row) ?? `row ${index + 1}`)}`}
            checked={key !== undefined && selection.selected.has(key)}
            disabled={row === undefined}
            onChange={toggle}
          />
        </div>
      )}
      <Cells row={row} columns={columns} card={table.card} />
    </div>
  );
}

interface CellsProps<Row> {
  row: Row | undefined;
  columns: DataColumn<Row>[];
  card: ((row: Row) => ReactNode) | undefined;
}

function Cells<Row>({ row, columns, card }: CellsProps<Row>) {
  if (card) {
    return (
      <div role="cell" aria-colspan={columns.length} className={classes.card}>
        {row === undefined ? <span className={classes.awaited} /> : card(row)}
      </div>
    );
  }
  return columns.map((column) => (
    <div key={column.id} role="cell" className={classes.cell} data-numeric={column.numeric === true ? true : undefined}>
      {row === undefined ? <span className={classes.awaited} /> : column.cell(row)}
    </div>
  ));
}

function toggled(selected: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(selected);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** A link, a button or a field in the row does its own thing, and selecting text opens nothing. */
function isOnControl(event: MouseEvent): boolean {
  const control = event.target instanceof Element ? event.target.closest('a, button, input, label, select') : null;
  return control !== null || (globalThis.getSelection()?.toString() ?? '') !== '' || event.defaultPrevented;
}
