import { Checkbox } from '@mantine/core';
import type { RowSelection } from './data-table';

interface SelectAllProps<Row> extends RowSelection {
  rows: Row[];
  rowKey: (row: Row) => string;
}

/** In the header of a table whose rows are all here. */
export function SelectAll<Row>({ rows, rowKey, selected, onChange }: SelectAllProps<Row>) {
  const all = rows.every((row) => selected.has(rowKey(row)));
  return (
    <Checkbox
      size="xs"
      aria-label="Select all"
      checked={all}
      indeterminate={!all && rows.some((row) => selected.has(rowKey(row)))}
      onChange={() => {
        onChange(new Set(all ? [] : rows.map(rowKey)));
      }}
    />
  );
}
