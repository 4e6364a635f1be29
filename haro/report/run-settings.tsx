/** What decided the result: range, cash, parameters, venue, costs, limits. */
import { formatCount } from '../src/lib/number-format';
import { moment } from './moment';
import { money, moneyPlaces } from './money';
import type { ReportData, Setting } from './report-data';

const write = (value: Setting): string => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value ?? '—'));

export function RunSettings({ data }: { data: ReportData }) {
  const { run, result } = data;
  const about: [string, string][] = [
    ['Symbols', run.symbols.join(', ')],
    ['Bars', `${formatCount(result.bars)} of ${run.timeframe}`],
    ['From', `${moment(result.start_time)} UTC`],
    ['To', `${moment(result.end_time)} UTC`],
    ['Initial cash', money(run.initial_cash, moneyPlaces(run.initial_cash))],
    ['Strategy', `${run.strategy_id} ${run.strategy_version}`],
  ];
  const parameters = Object.entries(run.parameters).map(([name, value]): [string, string] => [name, write(value)]);
  return (
    <div className="settings">
      <Pairs title="Run" pairs={about} />
      <Pairs title="Parameters" pairs={parameters} />
      <Pairs title="Venue and costs" pairs={run.conditions} />
      {run.notes !== '' && <p className="notes">{run.notes}</p>}
    </div>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: [string, string][] }) {
  return (
    <section>
      <h3>{title}</h3>
      {pairs.length === 0 && <p>none</p>}
      <dl>
        {pairs.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
