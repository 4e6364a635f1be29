/** Every statistic with what it is based on, or why it is undefined. */
import type { Statistic } from './report-data';
import { grouped, statisticLabel, writeStatistic } from './statistic-format';

export function StatisticsTable({ statistics, places }: { statistics: Statistic[]; places: number }) {
  return (
    <table className="statistics">
      <thead>
        <tr>
          <th scope="col">Figure</th>
          <th scope="col">Value</th>
          <th scope="col">Basis</th>
        </tr>
      </thead>
      {grouped(statistics).map(([title, rows]) => (
        <tbody key={title}>
          <tr>
            <th scope="rowgroup" colSpan={3} className="group">
              {title}
            </th>
          </tr>
          {rows.map((statistic) => (
            <tr key={statistic.name}>
              <th scope="row">{statisticLabel(statistic.name)}</th>
              <td>{writeStatistic(statistic, places)}</td>
              <td>
                {statistic.value === null ? `undefined: ${statistic.reason ?? 'no reason given'}` : statistic.basis}
              </td>
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}
