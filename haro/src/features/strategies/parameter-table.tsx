import type { StrategyEntry } from '../../lib/api-types';
import { parameterRows } from './parameter-rows';
import classes from './strategy-card.module.css';

/** On a narrow screen each parameter becomes a few lines; the roles keep it a table for those who listen to it. */
export function ParameterTable({ name, schema }: { name: string; schema: StrategyEntry['parameters'] }) {
  const rows = parameterRows(schema);
  if (rows.length === 0) return <p className={classes.none}>It has no parameters.</p>;
  return (
    <table className={classes.parameters} role="table" aria-label={`Parameters of ${name}`}>
      <thead role="rowgroup">
        <tr role="row">
          {['Parameter', 'Type', 'Default', 'Bounds', 'Meaning'].map((heading) => (
            <th key={heading} scope="col" role="columnheader">
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={row.name} role="row">
            <th role="rowheader" scope="row" className={classes.parameter}>
              {row.name}
            </th>
            <td role="cell" className={classes.type}>
              {row.type}
            </td>
            <td role="cell" className={classes.default}>
              {row.default}
            </td>
            <td role="cell" className={classes.bounds}>
              {row.bounds}
            </td>
            <td role="cell" className={classes.meaning}>
              {row.description}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
