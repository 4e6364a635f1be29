import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { TimesIn, ZonedTime } from '../../components/zoned-time';
import type { Activity } from '../../lib/api-types';
import { useActivity } from './api/get-activity';
import classes from './overview-page.module.css';

export function ActivityPanel() {
  const activity = useActivity();
  const items = activity.data?.items;
  return (
    <div className={classes.wide}>
      <Panel title="Last activity" aside={<TimesIn />}>
        {activity.isError && items === undefined && (
          <ErrorNotice
            title="The activity could not be loaded"
            error={activity.error}
            onRetry={() => void activity.refetch()}
          />
        )}
        {items === undefined && !activity.isError && <Skeleton height={160} />}
        {items?.length === 0 && <p className={classes.nothing}>Nothing has happened yet.</p>}
        {items && items.length > 0 && (
          <ol className={classes.activity}>
            {items.map((entry) => (
              <Entry key={`${entry.position} ${entry.type}`} entry={entry} />
            ))}
          </ol>
        )}
      </Panel>
    </div>
  );
}

function Entry({ entry }: { entry: Activity }) {
  return (
    <li data-severity={entry.severity}>
      <ZonedTime at={entry.at} seconds />
      <span className={classes.message}>
        {entry.severity !== 'info' && <strong className={classes.severity}>{entry.severity} </strong>}
        {entry.run_id === null ? (
          entry.message
        ) : (
          <Link to="/runs/$runId" params={{ runId: entry.run_id }}>
            {entry.message}
          </Link>
        )}
      </span>
    </li>
  );
}
