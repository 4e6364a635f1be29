/** What may be asked of a run as it stands, and what has to be confirmed before. */
import type { Run } from '../../lib/api-types';
import type { RunCommand } from './api/run-commands';

type Standing = Pick<Run, 'mode' | 'status' | 'error'>;

export const isOver = ({ status }: Pick<Run, 'status'>): boolean =>
  status === 'stopped' || status === 'completed' || status === 'error';

/** In the order of the buttons. A backtest cannot be paused, and it has nothing to flatten that would be worth money. */
export function possibleCommands({ mode, status }: Standing): RunCommand[] {
  if (isOver({ status })) return [];
  if (status === 'pending') return ['start', 'stop'];
  if (mode === 'backtest') return ['stop'];
  return status === 'paused' ? ['resume', 'flatten', 'stop'] : ['pause', 'flatten', 'stop'];
}

export interface Confirmation {
  title: string;
  text: string;
  button: string;
}

const keeps = 'Its positions stay as they are: nothing is sold or bought back.';

/** Null for what is done at once. Stopping a backtest loses nothing but time, so it is not asked about. */
export function confirmationFor(command: RunCommand, { mode }: Pick<Run, 'mode'>): Confirmation | null {
  if (command === 'stop' && mode !== 'backtest')
    return {
      title: 'Stop this run?',
      text: `It places no more orders, its open orders are cancelled, and it cannot be started again. ${keeps}`,
      button: 'Stop the run',
    };
  if (command === 'flatten')
    return {
      title: 'Flatten this run?',
      text: 'Its open orders are cancelled and everything it holds is closed at the market, at whatever price there is.',
      button: 'Close everything',
    };
  if (command === 'resume' && mode === 'live')
    return { title: 'Resume this run?', text: 'It may place orders with real money again.', button: 'Resume the run' };
  if (command === 'start' && mode === 'live')
    return { title: 'Start this run?', text: 'It trades real money from its first bar on.', button: 'Start the run' };
  if (command === 'pause' && mode === 'live')
    return {
      title: 'Pause this run?',
      text: 'It places no new orders. Open orders keep working and its positions stay.',
      button: 'Pause the run',
    };
  return null;
}

export const deletion: Confirmation = {
  title: 'Delete this run?',
  text: 'It goes from every list and cannot be found by its id any more. Its events stay in the journal.',
  button: 'Delete the run',
};
