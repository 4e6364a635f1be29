import { Children, Fragment, type ReactNode } from 'react';
import classes from './row-card.module.css';

/** A row of a table on a phone: its children two by two on a line, what matters most on the left. */
export function RowCard({ children }: { children: ReactNode }) {
  const parts = Children.toArray(children);
  const lines = parts.flatMap((left, at) => (at % 2 === 0 ? [[left, parts[at + 1]]] : []));
  return (
    <div className={classes.card}>
      {lines.map((line, number) => (
        <div key={number} className={classes.line}>
          {line.map((part, side) => (
            <Fragment key={side}>{part}</Fragment>
          ))}
        </div>
      ))}
    </div>
  );
}
