/** From events to the cache: which answers an event makes old, and asking for them again in moderation. */
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { activityKey } from '../features/overview/api/get-activity';
import { overviewKey } from '../features/overview/api/get-overview';
import { ordersKey } from '../features/orders/api/get-orders';
import { runKey } from '../features/runs/api/get-run';
import { runAccountKey } from '../features/runs/api/get-run-account';
import { runEquityKey } from '../features/runs/api/get-run-equity';
import { runOrdersKey } from '../features/runs/api/get-run-orders';
import { runPeriodsKey } from '../features/runs/api/get-run-periods';
import { runStatsKey } from '../features/runs/api/get-run-stats';
import { runFillsKey } from '../features/runs/api/get-run-fills';
import { runTapeKey } from '../features/runs/api/get-run-tape';
import { runsKey } from '../features/runs/api/get-runs';
import { recordLastEvent } from '../features/runs/api/last-event';
import { runEventsKey } from '../features/runs/api/run-events';
import { runDecisionsKey, runLogKey, runPositionsKey, runTradesKey } from '../features/runs/api/run-lists';
import { recordRunProgress } from '../features/runs/api/run-progress';
import { surfaceKey } from '../features/sweeps/api/get-surface';
import { sweepKey } from '../features/sweeps/api/get-sweep';
import { sweepsKey } from '../features/sweeps/api/get-sweeps';
import { trialsKey } from '../features/sweeps/api/get-trials';
import { exchangeAccountsKey } from '../lib/requests/get-exchange-accounts';
import { riskKey } from '../features/system/api/get-risk';
import type { StreamEvent } from '../lib/event-stream';
import { readinessKey } from '../lib/requests/get-readiness';
import { readStreamEvent, type JournalEvent, type ProgressEvent } from '../lib/stream-events';
import { ThrottleByKey } from '../lib/throttle-by-key';

/** A backtest may record 40,000 order events in seconds: no key is asked for more than twice a second. */
const refetch = { intervalMs: 500, settleMs: 2_000 };
const fillTypes = new Set(['order.filled', 'order.partially_filled']);

/** The query keys whose answers this event has made old. */
export function keysTouchedBy({ type, run_id: runId }: Pick<JournalEvent, 'type' | 'run_id'>): QueryKey[] {
  if (type.startsWith('account.')) return [exchangeAccountsKey, readinessKey];
  const switched = type.startsWith('risk.') ? [riskKey, readinessKey, activityKey, overviewKey] : [];
  if (runId === null || runId === undefined) return switched;
  // A sweep's id stands where a run's does.
  if (/^(sweep|trial)\./.test(type)) return [sweepsKey, sweepKey(runId), trialsKey(runId), surfaceKey(runId)];
  return [...switched, runEventsKey(runId), ...keysOfFamily(type, runId)];
}

function keysOfFamily(type: string, runId: string): QueryKey[] {
  const orders = [activityKey, overviewKey, ordersKey, runOrdersKey(runId)];
  const standing = [runsKey, runKey(runId), runStatsKey(runId), runEquityKey(runId)];
  if (type.startsWith('run.'))
    return [activityKey, overviewKey, ...standing, runOrdersKey(runId), runDecisionsKey(runId), runPeriodsKey(runId)];
  if (type.startsWith('log.')) return [runLogKey(runId)];
  if (type === 'tape.decided') return [runDecisionsKey(runId)];
  if (type.startsWith('tape.')) return [runTapeKey(runId)];
  if (!type.startsWith('order.')) return [];
  if (!fillTypes.has(type)) return orders;
  const booked = [runFillsKey(runId), runTradesKey(runId), runPositionsKey(runId), runAccountKey(runId)];
  return [...orders, ...standing, ...booked];
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
      const { run_id: runId, ts } = message.event;
      if (typeof runId === 'string' && typeof ts === 'string') recordLastEvent(this.#client, runId, ts);
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
