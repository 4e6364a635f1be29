import type { ConnectionState } from '../../lib/event-stream';
import { useConnection } from '../../lib/connection';
import classes from './connection-badge.module.css';

const words: Record<ConnectionState, { text: string; meaning: string }> = {
  live: { text: 'Live', meaning: 'Connected: what you see is the present.' },
  'catching-up': { text: 'Catching up', meaning: 'Connecting, or reading what happened meanwhile.' },
  offline: { text: 'Offline', meaning: 'No connection to the server: what you see may be old. Trying again.' },
};

export function ConnectionBadge() {
  const state = useConnection();
  const { text, meaning } = words[state];
  return (
    <span className={classes.badge} data-testid="connection-badge" data-state={state} role="status" title={meaning}>
      {text}
    </span>
  );
}
