/** How the tab's connection to the journal is doing, for whoever wants to show it. */
import { createContext, useContext } from 'react';
import type { ConnectionState } from './event-stream';

export const ConnectionContext = createContext<ConnectionState>('catching-up');

export function useConnection(): ConnectionState {
  return useContext(ConnectionContext);
}
