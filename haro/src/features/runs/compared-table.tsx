import { Link } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import type { ComparedRun } from './api/get-compared-runs';
import { Swatch } from './compared-legend';
import classes from './compared-table.module.css';
import { runTitle } from './run-title';

export interface ComparedTableRow {
  name: string;
  label: string;
  cells: { key: string; content: ReactNode }[];
}

interface ComparedTableProps {
  label: string;
  compared: ComparedRun[];
  /** The place of each run in the legend. */
  places: number[];
  groups: [title: string | null, rows: ComparedTableRow[]][];
}

/** One column for each run; with many of them it scrolls sideways and the names stay. */
export function ComparedTable({ label, compared, places, groups }: ComparedTableProps) {
  return (
    <div className={classes.frame} tabIndex={0} role="region" aria-label={`${label}, scrolls sideways`}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            <td />
            {compared.map(({ id, run }, at) => (
              <th key={id} scope="col">
                <Swatch place={places[at] ?? 0} />
                <Link to="/runs/$runId" params={{ runId: id }} className={classes.run}>
                  {run === undefined ? id : runTitle(run)}
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map(([title, rows]) => (
            <Fragment key={title}>
              {title !== null && (
                <tr className={classes.group}>
                  <th scope="rowgroup" colSpan={compared.length + 1}>
                    <span>{title}</span>
                  </th>
                </tr>
              )}
              {rows.map(({ name, label: rowLabel, cells }) => (
                <tr key={name}>
                  <th scope="row">{rowLabel}</th>
                  {cells.map(({ key, content }) => (
                    <td key={key}>{content}</td>
                  ))}
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
