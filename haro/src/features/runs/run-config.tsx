import { Panel } from '../../components/panel';
import type { Run } from '../../lib/api-types';
import { formatMoney } from '../../lib/number-format';
import { asText, entriesOf } from './config-sections';
import classes from './run-config.module.css';

/** What decides the run's result, in short; the tab Config has everything. */
export function RunConfig({ run }: { run: Run }) {
  const entries: [string, string][] = [
    ...Object.entries(run.config).map(([name, value]): [string, string] => [name, asText(value)]),
    ['initial cash', formatMoney(run.initial_cash)],
    ['venue', run.venue],
    ['account', run.account.kind],
    ...entriesOf(run.costs).filter(([, text]) => text !== '0' && text !== 'no' && text !== '—'),
    ...entriesOf(run.risk).filter(([, text]) => text !== '—' && text !== 'no'),
  ];
  return (
    <Panel title="Settings">
      <dl className={classes.list}>
        {entries.map(([name, text]) => (
          <div key={name} className={classes.entry}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
