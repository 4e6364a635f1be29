import { Panel } from '../../components/panel';
import type { Run } from '../../lib/api-types';
import { formatMoney, unknownMark } from '../../lib/number-format';
import classes from './run-config.module.css';

/** What the run was told: enough to run it again. */
export function RunConfig({ run }: { run: Run }) {
  const entries: [string, string][] = [
    ...Object.entries(run.config).map(([name, value]): [string, string] => [name, asText(value)]),
    ['initial cash', formatMoney(run.initial_cash)],
    ...Object.entries(run.costs).map(([name, value]): [string, string] => [name.replaceAll('_', ' '), asText(value)]),
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

function asText(value: unknown): string {
  if (value === null || value === undefined) return unknownMark;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
