import type { ReactNode } from 'react';
import classes from './page-body.module.css';

interface PageBodyProps {
  /** Said of a page that is on its way: its children are skeletons. */
  loading?: string;
  children: ReactNode;
}

/** What is on a page below its heading, one part below the other. */
export function PageBody({ loading, children }: PageBodyProps) {
  return (
    <div className={classes.body} {...(loading !== undefined && { 'aria-busy': true, 'aria-label': loading })}>
      {children}
    </div>
  );
}

interface FilterLineProps {
  /** How much is shown of how much. */
  count: string;
  /** The filter. */
  children: ReactNode;
}

/** A filter and what it leaves. */
export function FilterLine({ count, children }: FilterLineProps) {
  return (
    <div className={classes.tools}>
      {children}
      <span className={classes.count} role="status">
        {count}
      </span>
    </div>
  );
}
