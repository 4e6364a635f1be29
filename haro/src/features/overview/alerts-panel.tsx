import { Link } from '@tanstack/react-router';
import { Panel } from '../../components/panel';
import { useExchangeAccounts } from '../../lib/requests/get-exchange-accounts';
import { useReadModels } from '../../lib/requests/get-read-models';
import { useReadiness } from '../../lib/requests/get-readiness';
import { alertsOf } from './alerts';
import { useOverview } from './api/get-overview';
import classes from './overview-page.module.css';

/** What needs somebody now; one calm line when nothing does. */
export function AlertsPanel() {
  const overview = useOverview();
  const [readiness, models] = [useReadiness(), useReadModels()];
  const alerts = alertsOf({
    overview: overview.data,
    readiness: readiness.data,
    models: models.data?.items,
    accounts: useExchangeAccounts().data,
  });
  // Calm is said only of what is known.
  const isKnown = overview.data !== undefined && readiness.data !== undefined && models.data !== undefined;
  if (alerts.length === 0 && !isKnown) return null;
  return (
    <div className={classes.wide} data-testid="alerts">
      {alerts.length === 0 ? (
        <p className={classes.calm}>Nothing needs you: no halt, no limit near, every part up.</p>
      ) : (
        <Panel title="Alerts">
          <ul className={classes.alerts} aria-label="Alerts">
            {alerts.map(({ severity, text, runId }) => (
              <li key={text} data-severity={severity}>
                <strong className={classes.severity}>{severity}</strong>{' '}
                {runId === null ? (
                  text
                ) : (
                  <Link to="/runs/$runId" params={{ runId }}>
                    {text}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}
