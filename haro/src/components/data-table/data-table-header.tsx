import type { ReactNode } from 'react';
import { ZoneName } from '../zoned-time';
import classes from './data-table.module.css';
import type { HeaderCell, SortDirection } from './sorted-rows';

interface DataTableHeaderProps {
  headers: HeaderCell[];
  selectable: boolean;
  selectAll: ReactNode;
}

export function DataTableHeader({ headers, selectable, selectAll }: DataTableHeaderProps) {
  return (
    <div role="rowgroup" className={classes.head}>
      <div role="row" aria-rowindex={1} className={classes.headings}>
        {selectable && (
          <div role="columnheader" className={classes.heading}>
            {selectAll ?? <span className={classes.unseen}>Selected</span>}
          </div>
        )}
        {headers.map((header) => (
          <Heading key={header.id} {...header} />
        ))}
      </div>
    </div>
  );
}

const ariaSort = { asc: 'ascending', desc: 'descending' } as const;

function Heading({ header, ofTime, numeric, hidden, sorted, toggle }: HeaderCell) {
  const title = ofTime ? (
    <>
      {header} (<ZoneName />)
    </>
  ) : (
    header
  );
  return (
    <div
      role="columnheader"
      className={classes.heading}
      data-numeric={numeric || undefined}
      {...(toggle && { 'aria-sort': sorted === false ? ('none' as const) : ariaSort[sorted] })}
    >
      {toggle ? (
        <button type="button" className={classes.sort} onClick={toggle}>
          {title}
          <SortMark sorted={sorted} />
        </button>
      ) : (
        <span className={hidden ? classes.unseen : undefined}>{title}</span>
      )}
    </div>
  );
}

function SortMark({ sorted }: { sorted: SortDirection }) {
  return (
    <span aria-hidden="true" className={classes.mark} data-sorted={sorted || undefined}>
      {sorted === 'desc' ? '▼' : '▲'}
    </span>
  );
}
