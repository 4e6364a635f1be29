/** The deepest drawdowns, as far as the statistics tell them. */
import { unknownMark } from '../src/lib/number-format';
import type { Statistic } from './report-data';
import { statisticLabel, writeStatistic, type DrawdownRow } from './statistic-format';

export function DrawdownsTable({ rows, places }: { rows: DrawdownRow[]; places: number }) {
  const parts = [...new Set(rows.flatMap((row) => [...row.parts.keys()]))];
  const write = (part: Statistic | undefined) => (part === undefined ? unknownMark : writeStatistic(part, places));
  return (
    <div className="scroll" role="region" aria-label="Deepest drawdowns" tabIndex={0}>
      <table className="listing">
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">Depth</th>
            {parts.map((part) => (
              <th key={part} scope="col">
                {statisticLabel(part)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.rank}>
              <td>{row.rank}</td>
              <td>{write(row.depth)}</td>
              {parts.map((part) => (
                <td key={part} title={row.parts.get(part)?.reason ?? row.parts.get(part)?.basis ?? undefined}>
                  {write(row.parts.get(part))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
