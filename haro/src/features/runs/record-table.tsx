import type { ReactNode } from 'react';
import classes from './record-table.module.css';

export interface Column<Item> {
  title: string;
  numeric?: boolean;
  /** May break into lines. */
  wide?: boolean;
  cell: (item: Item) => ReactNode;
}

interface RecordTableProps<Item> {
  label: string;
  columns: Column<Item>[];
  items: Item[];
  keyOf: (item: Item) => string;
  testId?: string;
  rowTestId?: string;
}

/** One page of records. On a narrow screen it scrolls sideways. */
export function RecordTable<Item>({ label, columns, items, keyOf, testId, rowTestId }: RecordTableProps<Item>) {
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={`${label}, scrolls sideways`}>
      <table className={classes.table} data-testid={testId}>
        <thead>
          <tr>
            {columns.map(({ title, numeric }) => (
              <th key={title} scope="col" data-numeric={numeric === true || undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)} data-testid={rowTestId}>
              {columns.map(({ title, numeric, wide, cell }) => (
                <td key={title} data-numeric={numeric === true || undefined} data-wide={wide === true || undefined}>
                  {cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
