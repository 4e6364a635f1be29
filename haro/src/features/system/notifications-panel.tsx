import { Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { ZonedTime } from '../../components/zoned-time';
import type { NotificationChannel } from '../../lib/api-types';
import { useNotificationChannels } from './api/get-notification-channels';
import { backlogOf, takenBy } from './channel-words';
import classes from './notifications-panel.module.css';

/** The channels that people are told by when nobody looks at this page. */
export function NotificationsPanel() {
  const channels = useNotificationChannels();
  const retry = () => void channels.refetch();
  return (
    <Panel title="Notifications" aside="of what goes wrong" flush>
      {channels.isError && (
        <div className={classes.notice}>
          <ErrorNotice title="The channels are not known" error={channels.error} onRetry={retry} />
        </div>
      )}
      {channels.data === undefined ? (
        !channels.isError && <Skeleton height={60} aria-label="Loading the channels" />
      ) : channels.data.items.length === 0 ? (
        <p className={classes.nothing}>
          None. Write a file with a channel and name it in <code>WEAVER_NOTIFICATIONS</code>.
        </p>
      ) : (
        <ul className={classes.list} aria-label="Notification channels">
          {channels.data.items.map((channel) => (
            <ChannelRow key={channel.name} channel={channel} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

const words: Record<NotificationChannel['state'], string> = {
  ok: 'up',
  failing: 'does not answer',
  parked: 'refused some',
  starting: 'starting',
};

function ChannelRow({ channel }: { channel: NotificationChannel }) {
  const { name, kind, state, is_quiet: isQuiet, last_success_at: success, last_error: error } = channel;
  return (
    <li data-state={state}>
      <strong>{name}</strong>
      <span className={classes.state}>{words[state]}</span>
      <span>{kind}</span>
      <span className={classes.taken}>{takenBy(channel)}</span>
      <span>{backlogOf(channel)}</span>
      {isQuiet && <span>quiet hours</span>}
      {success !== null && (
        <span>
          last taken <ZonedTime at={success} seconds />
        </span>
      )}
      {error !== null && state !== 'ok' && <span className={classes.error}>{error}</span>}
    </li>
  );
}
