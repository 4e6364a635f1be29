import type { Overview } from '../../lib/api-types';

type TradingRun = Overview['runs'][number];

/** A run without a name is called by its strategy and the end of its id. */
export function tradingRunTitle({
  name,
  strategy_id,
  run_id,
}: Pick<TradingRun, 'name' | 'strategy_id' | 'run_id'>): string {
  return name === '' ? `${strategy_id} ${run_id.slice(-6)}` : name;
}
