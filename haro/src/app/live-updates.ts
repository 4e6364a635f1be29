/** From events to the cache: which answers an event makes old, and asking for them again in moderation. */
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { activityKey } from '../features/overview/api/get-activity';
import { openPositionsKey } from '../features/overview/api/get-open-positions';
import { ordersKey } from '../features/orders/api/get-orders';
import { runKey } from '../features/runs/api/get-run';
import { runEquityKey } from '../features/runs/api/get-run-equity';
import { runOrdersKey } from '../features/runs/api/get-run-orders';
import { runStatsKey } from '../features/runs/api/get-run-stats';
import { runsKey } from '../features/runs/api/get-runs';
import { recordRunProgress } from '../features/runs/api/run-progress';
import { riskKey } from '../features/system/api/get-risk';
import type { StreamEvent } from '../lib/event-stream';
import { readStreamEvent, type JournalEvent, type ProgressEvent } from '../lib/stream-events';
import { ThrottleByKey } from '../lib/throttle-by-key';

/** A backtest may record 40,000 order events in seconds: no key is asked for more than twice a second. */
const refetch = { intervalMs: 500, settleMs: 2_000 };
const fillTypes = new Set(['order.filled', 'order.partially_filled']);

/** The query keys whose answers this event has made old. */
export function keysTouchedBy({ type, run_id: runId }: Pick<JournalEvent, 'type' | 'run_id'>): QueryKey[] {
  if (type.startsWith('risk.')) return [riskKey, activityKey];
  if (runId === null || runId === undefined) return [];
  if (type.startsWith('run.'))
    return [activityKey, runsKey, runKey(runId), runStatsKey(runId), runEquityKey(runId), runOrdersKey(runId)];
  if (!type.startsWith('order.')) return [];
  const orders = [activityKey, ordersKey, runOrdersKey(runId)];
  if (!fillTypes.has(type)) return orders;
  return [...orders, openPositionsKey, runsKey, runKey(runId), runStatsKey(runId), runEquityKey(runId)];
}

export class LiveUpdates {
  readonly #client: QueryClient;
  readonly #stale: ThrottleByKey<QueryKey>;
  readonly #progress: ThrottleByKey<ProgressEvent>;

  constructor(client: QueryClient) {
    this.#client = client;
    // The read models follow the journal by a moment, so a key is asked for once more when its events have ended.
    this.#stale = new ThrottleByKey((queryKey) => client.invalidateQueries({ queryKey }), refetch);
    this.#progress = new ThrottleByKey(
      ({ run_id, progress }) => {
        recordRunProgress(client, run_id, progress);
      },
      { intervalMs: 200 },
    );
  }

  readonly take = ({ type, data }: StreamEvent): void => {
    const message = readStreamEvent(type, data);
    if (message.kind === 'reset') {
      this.refreshAll();
    } else if (message.kind === 'progress') {
      this.#progress.request(message.progress.run_id, message.progress);
    } else if (message.kind === 'journal') {
      for (const key of keysTouchedBy(message.event)) this.#stale.request(JSON.stringify(key), key);
    } else if (message.kind === 'malformed') {
      console.warn(`Weaver sent an event this page does not understand. ${message.reason}`);
    }
  };

  readonly refreshAll = (): void => {
    void this.#client.invalidateQueries();
  };

  dispose(): void {
    this.#stale.dispose();
    this.#progress.dispose();
  }
}
