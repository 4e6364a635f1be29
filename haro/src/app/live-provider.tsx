import { useQueryClient, type Query } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { readAccess, readApiKey, reportUnauthorized, subscribeToAccess } from '../lib/api-key';
import { ConnectionContext } from '../lib/connection';
import { EventStream, type ConnectionState } from '../lib/event-stream';
import { streamAddress } from '../lib/api';
import { LiveUpdates } from './live-updates';

/** Holds the tab's one connection to the journal for as long as it is mounted. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<ConnectionState>('catching-up');

  useEffect(() => {
    const updates = new LiveUpdates(client);
    const stream = new EventStream({
      url: streamAddress,
      apiKey: readApiKey,
      onEvent: updates.take,
      onGap: updates.refreshAll,
      onUnauthorized: reportUnauthorized,
    });
    const forget = [
      stream.subscribe(() => {
        const next = stream.state();
        setState(next);
        // What failed while the server was away is asked for again; of the rest the events tell.
        if (next === 'live') void client.refetchQueries({ predicate: hasFailed, type: 'active' });
      }),
      subscribeToAccess(() => {
        // A new key: what failed for want of it is asked for again.
        if (readAccess() !== 'open') return;
        stream.retryNow();
        void client.resetQueries({ predicate: hasFailed });
      }),
      whenBack(() => {
        stream.retryNow();
      }),
    ];
    stream.start();
    return () => {
      for (const undo of forget) undo();
      stream.stop();
      updates.dispose();
    };
  }, [client]);

  return <ConnectionContext value={state}>{children}</ConnectionContext>;
}

const hasFailed = ({ state: { status } }: Query): boolean => status === 'error';

/** Calls back when the network returns or the page is looked at again. */
function whenBack(callback: () => void): () => void {
  const whenVisible = () => {
    if (document.visibilityState === 'visible') callback();
  };
  window.addEventListener('online', callback);
  document.addEventListener('visibilitychange', whenVisible);
  return () => {
    window.removeEventListener('online', callback);
    document.removeEventListener('visibilitychange', whenVisible);
  };
}
