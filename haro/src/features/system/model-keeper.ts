/** Who keeps the read models, in plain words: pure. */
import type { ReadModel, RunningProcess } from '../../lib/api-types';

export interface ModelKeeper {
  /** Beside the heading. */
  summary: string;
  /** In place of the word `standby`. */
  standby: string;
}

/** A server stands by while somebody else folds: its own projector as a rule, another server where several share a database. */
export function modelKeeper(models: Pick<ReadModel, 'state'>[], processes: RunningProcess[] | undefined): ModelKeeper {
  const projector = processes?.find(({ kind }) => kind === 'projector');
  const standsBy = models.some(({ state }) => state === 'standby');
  if (!standsBy) return { summary: 'kept by this server itself', standby: 'standby' };
  if (projector !== undefined)
    return {
      summary: `kept by the projector, process ${projector.pid}; this server takes over within half a second if it ends`,
      standby: 'kept by the projector',
    };
  return {
    summary: 'kept by another process; this server takes over when it ends',
    standby: 'kept by another process',
  };
}
