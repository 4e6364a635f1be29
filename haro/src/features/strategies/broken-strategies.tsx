import { Panel } from '../../components/panel';
import type { StrategyEntry } from '../../lib/api-types';
import classes from './broken-strategies.module.css';

/** What could not be loaded, and why, in full. */
export function BrokenStrategies({ strategies }: { strategies: StrategyEntry[] }) {
  if (strategies.length === 0) return null;
  return (
    <Panel title="Could not be loaded" aside="mend the file: it is read again by itself" flush>
      <ul className={classes.list} data-testid="broken-strategies">
        {strategies.map(({ name, source, error }) => (
          <li key={`${source} ${name}`}>
            <strong>{name}</strong>
            <pre className={classes.error}>{error}</pre>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
