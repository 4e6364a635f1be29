import type { ExchangeAccount, NotificationChannel, Readiness, ReadModel } from '../../src/lib/api-types';
import { answerGet, answerReadiness } from '../server';

const up = { state: 'up', reason: null, details: {} } as const;
export const ready: Readiness = {
  status: 'ready',
  database: up,
  migrations: up,
  journal: { ...up, details: { position: 4_211 } },
  processors: up,
  supervisor: up,
  execution: { ...up, details: { alpaca: 'standing by' } },
  clock: { ...up, details: { drift_seconds: -0.012 } },
};

const account: ExchangeAccount = {
  name: 'alpaca',
  account_id: 'PA1',
  currency: 'USD',
  cash: '1000.5',
  equity: '2000',
  buying_power: '4000',
  positions: [
    { symbol: 'AAPL', at_exchange: '2', of_runs: '2.0' },
    { symbol: 'SPY', at_exchange: '1', of_runs: '0' },
  ],
  open_orders: 1,
  external_orders: 0,
  reconciled_at: '2024-03-01T10:00:00Z',
  reconciled_because: 'timer',
  discrepancies: [
    {
      at: '2024-03-01T10:00:00Z',
      kind: 'external_order',
      subject: 'SPY',
      message: 'An order that nobody here placed.',
      expected: null,
      found: 'buy 1',
      policy: 'ignore',
      run_id: 'run-1',
    },
  ],
  position: 9,
};

export const orders: ReadModel = {
  name: 'orders',
  state: 'following',
  reason: null,
  position: 4_200,
  lag: 11,
  lag_seconds: 3,
  parked: 2,
  rebuild: { state: 'none', position: null, head: null, fraction: null, started_at: null, seconds: null, error: null },
};

export const phone: NotificationChannel = {
  name: 'phone',
  kind: 'telegram',
  state: 'parked',
  events: ['run.*', 'risk.halted'],
  minimum_severity: 'warning',
  modes: ['paper', 'live'],
  is_quiet: false,
  deliveries: { pending: 3, sending: 1, sent: 1_204, parked: 2, skipped: 0 },
  oldest_pending_at: null,
  last_success_at: '2024-03-01T10:00:00Z',
  last_error: '400 Bad Request: chat not found',
  last_error_at: '2024-03-01T11:00:00Z',
};

/** Answers everything the page asks for. */
export function answerSystem() {
  answerReadiness(ready);
  answerGet('/info', {
    version: '0.1.0',
    python: '3.13.1',
    modes: ['backtest', 'paper'],
    exchanges: ['simulated', 'alpaca'],
    journal_position: 4_211,
    epoch: 'e1',
  });
  answerGet('/notifications', { items: [phone] });
  answerGet('/accounts', { items: [], exchanges: [account] });
  answerGet('/system/read-models', { items: [orders] });
  const since = '2024-03-01T09:00:00Z';
  const session = { kind: 'session', pid: 8, run_id: 'run-123456', since, memory_bytes: 51_000_000, threads: [] };
  answerGet('/system/processes', { items: [session] });
  const line = { number: 1, at: since, level: 'warning', logger: 'edge', message: 'slow', fields: { ms: 900 } };
  answerGet('/system/log', { items: [line, { ...line, number: 2, message: 'slower' }], next_after: 2 });
}
