import { Link } from '@tanstack/react-router';
import { ZonedTime } from '../../components/zoned-time';
import type { AccountDiscrepancy } from '../../lib/api-types';
import classes from './exchanges-panel.module.css';

const done: Record<AccountDiscrepancy['policy'], string> = {
  adopt: 'taken over',
  ignore: 'left alone',
  halt: 'trading halted',
};

/** What the exchange and the journal say differently, the newest first. */
export function DiscrepancyList({ discrepancies }: { discrepancies: AccountDiscrepancy[] }) {
  if (discrepancies.length === 0) return <p className={classes.dim}>Both sides say the same.</p>;
  return (
    <ul className={classes.discrepancies} aria-label="Discrepancies">
      {discrepancies.toReversed().map((one) => (
        <li key={`${one.at} ${one.subject} ${one.kind}`} data-policy={one.policy}>
          <p className={classes.told}>
            <strong>{one.kind.replaceAll('_', ' ')}</strong> {one.subject}
            <span className={classes.policy}>{done[one.policy]}</span>
          </p>
          <p className={classes.message}>{one.message}</p>
          <p className={classes.dim}>
            <ZonedTime at={one.at} seconds />
            {one.expected !== null && <span> · the journal says {one.expected}</span>}
            {one.found !== null && <span> · the exchange says {one.found}</span>}
            {one.run_id !== null && (
              <>
                {' · '}
                <Link to="/runs/$runId" params={{ runId: one.run_id }} className={classes.run}>
                  the run
                </Link>
              </>
            )}
          </p>
        </li>
      ))}
    </ul>
  );
}
