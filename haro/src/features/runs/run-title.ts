import type { Run } from '../../lib/api-types';

/** A run's name, or what tells it apart when nobody named it. */
export function runTitle(run: Pick<Run, 'id' | 'name' | 'strategy_id'>): string {
  return run.name !== '' ? run.name : `${run.strategy_id} ${run.id.slice(-6)}`;
}
