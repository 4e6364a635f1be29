import type { ReactNode } from 'react';
import classes from './row-card.module.css';

/** A row of a table on a phone: its children in two columns, what matters most on the left. */
export function RowCard({ children }: { children: ReactNode }) {
  return <div className={classes.card}>{children}</div>;
}
