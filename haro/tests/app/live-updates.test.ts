import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keysTouchedBy, LiveUpdates } from '../../src/app/live-updates';
import { activityKey } from '../../src/features/overview/api/get-activity';
import { overviewKey } from '../../src/features/overview/api/get-overview';
import { ordersKey } from '../../src/features/orders/api/get-orders';
import { runKey } from '../../src/features/runs/api/get-run';
import { runOrdersKey } from '../../src/features/runs/api/get-run-orders';
import { runTapeKey } from '../../src/features/runs/api/get-run-tape';
import { runsKey } from '../../src/features/runs/api/get-runs';
import { surfaceKey } from '../../src/features/sweeps/api/get-surface';
import { sweepKey } from '../../src/features/sweeps/api/get-sweep';
import { sweepsKey } from '../../src/features/sweeps/api/get-sweeps';
import { trialsKey } from '../../src/features/sweeps/api/get-trials';
import { exchangeAccountsKey } from '../../src/lib/requests/get-exchange-accounts';
import { runEventsKey } from '../../src/features/runs/api/run-events';
import { riskKey } from '../../src/features/system/api/get-risk';
import { readinessKey } from '../../src/lib/requests/get-readiness';

let client: QueryClient;
let updates: LiveUpdates;

beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient({ defaultOptions: { queries: { networkMode: 'always', staleTime: Infinity } } });
  updates = new LiveUpdates(client);
});
afterEach(() => {
  updates.dispose();
  client.clear();
  vi.useRealTimers();
});

/** Shows a query on the page, so to say, and counts how often it is asked for. */
function watch(queryKey: readonly unknown[], duration = 20) {
  const fetcher = vi.fn(
    () =>
      new Promise((resolve) =>
        setTimeout(() => {
          resolve({});
        }, duration),
      ),
  );
  new QueryObserver(client, { queryKey, queryFn: fetcher }).subscribe(() => undefined);
  return fetcher;
}

function order(position: number, runId = 'r1') {
  const data = JSON.stringify({
    position,
    type: 'order.filled',
    run_id: runId,
    status: 'filled',
    ts: '2024-01-01T00:00:00Z',
  });
  return { kind: 'event' as const, type: 'order.filled', data, id: `e1-${position}` };
}

test('forty thousand order events in ten seconds ask at most twice a second', async () => {
  const orders = watch([...runOrdersKey('r1'), null]);
  await vi.advanceTimersByTimeAsync(100);
  orders.mockClear();
  for (let position = 1; position <= 40_000; position += 1) {
    updates.take(order(position));
    if (position % 400 === 0) await vi.advanceTimersByTimeAsync(100);
  }
  expect(orders.mock.calls.length).toBeGreaterThan(15);
  expect(orders.mock.calls.length).toBeLessThanOrEqual(21);
});

test('after the last event the answer is asked for again, as read models follow a moment later', async () => {
  const orders = watch([...runOrdersKey('r1'), null]);
  await vi.advanceTimersByTimeAsync(100);
  orders.mockClear();
  updates.take(order(1));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(orders).toHaveBeenCalledTimes(2);
});

test('events of one run leave the queries of another alone', async () => {
  const other = watch(runKey('r2'));
  await vi.advanceTimersByTimeAsync(100);
  other.mockClear();
  updates.take(order(1, 'r1'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(other).not.toHaveBeenCalled();
});

test('a reset asks for everything that is on the page', async () => {
  const fetchers = [watch(runKey('r2')), watch([...runsKey, 1]), watch(['strategies'])];
  await vi.advanceTimersByTimeAsync(100);
  updates.take({ kind: 'event', type: 'reset', data: '', id: null });
  for (const fetcher of fetchers) expect(fetcher).toHaveBeenCalledTimes(2);
});

test('an event that is not understood is reported and changes nothing', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined);
  updates.take({ kind: 'event', type: 'run.created', data: 'oops', id: null });
  expect(warn).toHaveBeenCalledOnce();
});

test('a run event touches the list and the run, an order that is not filled only the orders', () => {
  expect(keysTouchedBy({ type: 'run.completed', run_id: 'r1' })).toEqual(
    expect.arrayContaining([runsKey, runKey('r1')]),
  );
  expect(keysTouchedBy({ type: 'order.submitted', run_id: 'r1' })).toEqual([
    runEventsKey('r1'),
    activityKey,
    overviewKey,
    ordersKey,
    runOrdersKey('r1'),
  ]);
  expect(keysTouchedBy({ type: 'risk.halted', run_id: null })).toEqual([
    riskKey,
    readinessKey,
    activityKey,
    overviewKey,
  ]);
  expect(keysTouchedBy({ type: 'account.reconciled', run_id: null })).toEqual([exchangeAccountsKey, readinessKey]);
  expect(keysTouchedBy({ type: 'tape.ticked', run_id: 'r1' })).toEqual([runEventsKey('r1'), runTapeKey('r1')]);
  expect(keysTouchedBy({ type: 'tape.ticked', run_id: null })).toEqual([]);
});

test('events of a sweep and of its trials make what is shown of that sweep old', () => {
  for (const type of ['sweep.stopped', 'trial.completed'])
    expect(keysTouchedBy({ type, run_id: 's1' })).toEqual([
      sweepsKey,
      sweepKey('s1'),
      trialsKey('s1'),
      surfaceKey('s1'),
    ]);
});
