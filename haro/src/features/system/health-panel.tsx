import { Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { useReadiness } from '../../lib/requests/get-readiness';
import classes from './health-panel.module.css';
import { healthParts, healthSummary, type HealthPart } from './health-parts';

/** Everything the server needs, and what is wrong with what is not well. */
export function HealthPanel() {
  const readiness = useReadiness();
  const retry = () => void readiness.refetch();
  const parts = readiness.data && healthParts(readiness.data);
  return (
    <Panel title="Health" aside={parts && healthSummary(parts)} flush>
      {readiness.isError && (
        <div className={classes.notice}>
          <ErrorNotice title="The server’s health is not known" error={readiness.error} onRetry={retry} />
        </div>
      )}
      {parts === undefined ? (
        !readiness.isError && <Skeleton height={200} aria-label="Loading the health" />
      ) : (
        <ul className={classes.parts} data-testid="health" data-old={readiness.isError || undefined}>
          {parts.map((part) => (
            <PartRow key={part.name} part={part} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

const words = { up: 'up', impaired: 'up, but', down: 'down' };

function PartRow({ part: { label, meaning, state, reason, measured } }: { part: HealthPart }) {
  return (
    <li className={classes.part} data-state={state}>
      <span className={classes.label}>{label}</span>
      <span className={classes.state}>{words[state]}</span>
      <span className={classes.reason}>{reason ?? meaning}</span>
      {measured !== null && <span className={classes.measured}>{measured}</span>}
    </li>
  );
}
