import { Panel } from '../../components/panel';
import type { Sweep } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { figureLabel, figureText } from './figure-text';
import { guardWords } from './guard-words';
import classes from './sweeps.module.css';

/** The best trial, and beside it how much of it may be luck. */
export function LuckPanel({ sweep }: { sweep: Sweep }) {
  const { verdict, tone, lines } = guardWords(sweep);
  return (
    <Panel title={sweep.walk_forward === null ? 'The best trial, and luck' : 'The best of the last window, and luck'}>
      <div className={classes.luck}>
        <dl className={classes.best} data-testid="best-trial">
          <dt>{figureLabel(sweep.objective)}</dt>
          <dd>{figureText(sweep.objective, sweep.best_value)}</dd>
          <dd className={classes.dim}>
            {sweep.best === null ? 'No trial counts so far.' : `Trial ${formatCount(sweep.best)}`}
          </dd>
        </dl>
        <div className={classes.words} data-testid="guards">
          {verdict !== null && (
            <p className={classes.verdict} data-tone={tone}>
              {verdict}
            </p>
          )}
          {sweep.guards === null && (
            <p className={classes.dim}>
              Whoever tries many things finds one that looks good. Once every trial has ended, how much of the best may
              be luck stands here.
            </p>
          )}
          <ul className={classes.lines}>
            {lines.map(({ text, basis }) => (
              <li key={text}>
                {text} {basis !== null && <span className={classes.dim}>{basis}</span>}
              </li>
            ))}
          </ul>
          {sweep.guards !== null && (
            <p className={classes.dim}>
              Sweeps that were done before, and with other settings, count as well; nothing here knows of them.
            </p>
          )}
        </div>
      </div>
    </Panel>
  );
}
