import { screen, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import { alertsOf } from '../../src/features/overview/alerts';
import { equitySum } from '../../src/features/overview/equity-sum';
import { limitLines, orderLimits } from '../../src/features/overview/limit-use';
import { chooseTimeZone } from '../../src/lib/time-zone';
import type { EquityPoint, Overview } from '../../src/lib/api-types';
import { renderApp } from '../render-app';
import { pageOf } from '../samples';
import { answerGet, answerReadiness, errorBody, server } from '../server';

const up = { state: 'up', reason: null, details: {} };
const names = ['database', 'migrations', 'journal', 'processors', 'supervisor', 'clock'];
const ready = { status: 'ready', execution: up, ...Object.fromEntries(names.map((name) => [name, up])) };

const aTradingRun: Overview['runs'][number] = {
  run_id: 'run-1',
  name: 'First try',
  mode: 'paper',
  status: 'running',
  strategy_id: 'sma_cross',
  symbols: ['BTC/USD'],
  equity: '100250.5',
  equity_at: '2024-03-01T11:59:30Z',
  pnl_today: '-120.25',
  open_positions: [{ symbol: 'BTC/USD', qty: '0.5', price: '42000', value: '21000' }],
  open_orders: 2,
  limits: [
    { name: 'max_order_notional', limit: '5000', used: null, left: null },
    { name: 'max_daily_loss', limit: '1000', used: '120.25', left: '879.75' },
    { name: 'max_drawdown', limit: '0.2', used: '0.16', left: '0.04' },
  ],
  halted: false,
  halted_because: null,
  failing: false,
};

const anOverview = (changes: Partial<Overview> = {}): Overview => ({
  at: '2024-03-01T12:00:00Z',
  today_since: '2024-03-01T00:00:00Z',
  halted: false,
  halted_because: null,
  counts: [{ mode: 'backtest', status: 'running', runs: 2 }],
  runs: [aTradingRun],
  totals: [
    {
      mode: 'paper',
      runs: 1,
      equity: '100250.5',
      pnl_today: '-120.25',
      gross: '21000',
      open_positions: 1,
      open_orders: 2,
    },
  ],
  ...changes,
});

const mark = (time: string, equity: string): EquityPoint => ({ time, equity, cash: '0', drawdown: 0 });

beforeEach(() => {
  localStorage.clear();
  answerReadiness(ready);
  answerGet('/overview', anOverview());
  answerGet('/runs/run-1/equity', { items: [], total: 0 });
  answerGet('/system/read-models', { items: [] });
  answerGet('/accounts', { ...pageOf([]), exchanges: [] });
  answerGet('/activity', pageOf([]));
});

test('the overview shows sums with their boundary, runs with their limits, and what is held', async () => {
  renderApp('/');
  const totals = await screen.findByTestId('totals-paper');
  expect(totals).toHaveTextContent('PnL since 00:00 UTC-120.25');
  expect(totals).toHaveTextContent('Open risk21,000.00');
  expect(screen.queryByTestId('totals-live')).toBeNull();
  const runs = screen.getByRole('list', { name: 'Runs at work' });
  expect(within(runs).getByRole('link', { name: 'First try' })).toHaveAttribute('href', '/runs/run-1');
  expect(within(runs).getByText('100,250.50')).toBeVisible();
  const loss = within(runs).getByRole('meter', { name: 'Daily loss' });
  expect(loss).toHaveAttribute('aria-valuenow', '12');
  expect(loss).toHaveAttribute('aria-valuetext', '879.75 left of 1,000.00, 12.03% used');
  expect(within(runs).getByText('For each order: Largest order 5,000.00')).toBeVisible();
  expect(within(screen.getByRole('table', { name: 'Open positions' })).getByText('21,000.00')).toBeVisible();
  expect(screen.getByRole('link', { name: '2 backtests are running' })).toHaveAttribute(
    'href',
    '/runs?mode=backtest&status=running',
  );
});

test('the boundary of today is told in the chosen zone', async () => {
  chooseTimeZone('exchange');
  renderApp('/');
  expect(await screen.findByText('PnL since 19:00 New York')).toBeVisible();
});

test('each curve is asked for in as many points as are drawn', async () => {
  const asked: (string | null)[] = [];
  server.use(
    http.get('*/api/v1/runs/run-1/equity', ({ request }) => {
      asked.push(new URL(request.url).searchParams.get('points'));
      return HttpResponse.json({ items: [], total: 0 });
    }),
  );
  renderApp('/');
  await expect.poll(() => asked).toEqual(['400']);
  expect(await screen.findByText('The curve begins with the second mark of equity.')).toBeVisible();
});

test('what needs somebody is said at the top, with the way to it', async () => {
  answerReadiness({ ...ready, execution: { ...up, state: 'down', reason: 'no keys' }, status: 'not_ready' }, 503);
  renderApp('/');
  const alerts = await screen.findByRole('list', { name: 'Alerts' });
  expect(await within(alerts).findByText(/execution is down: no keys/)).toBeVisible();
  expect(within(alerts).getByRole('link', { name: /80.00% of its limit “Drawdown”/ })).toHaveAttribute(
    'href',
    '/runs/run-1',
  );
});

test('without runs the page teaches how to start one, and nothing needs anybody', async () => {
  answerGet('/overview', anOverview({ runs: [], totals: [], counts: [] }));
  renderApp('/');
  expect(await screen.findByText(/weaver run create/)).toBeVisible();
  expect(screen.getByText('Nothing is held.')).toBeVisible();
  expect(await screen.findByText(/^Nothing needs you/)).toBeVisible();
});

test('an overview that cannot be loaded says why, and leaves the rest of the page alone', async () => {
  answerGet('/overview', errorBody('SERVICE_UNAVAILABLE', 'The database is away.'), 503);
  renderApp('/');
  expect(await screen.findByRole('alert')).toHaveTextContent(/The database is away\..*corr-42/);
  expect(await screen.findByRole('list', { name: 'Health' })).toBeVisible();
});

test('the nearest limit comes first, and what is used up is reached', () => {
  const lines = limitLines([
    { name: 'max_daily_loss', limit: '100', used: '10', left: '90' },
    { name: 'max_drawdown', limit: '0.2', used: '0.25', left: '-0.05' },
    { name: 'max_open_orders', limit: '4', used: '3', left: '1' },
    { name: 'max_position', limit: '0', used: '0', left: '0' },
  ]);
  expect(lines.map(({ label, nearness }) => [label, nearness])).toEqual([
    ['Drawdown', 'reached'],
    ['Largest position', 'reached'],
    ['Open orders', 'near'],
    ['Daily loss', 'far'],
  ]);
  expect(lines[0]).toMatchObject({ used: '25.00%', left: '-5.00%', limit: '20.00%' });
  expect(orderLimits([{ name: 'max_orders_per_minute', limit: '5', used: null, left: null }])).toEqual([
    'Orders a minute 5',
  ]);
});

test('the worst alert comes first, and a healthy Weaver has none', () => {
  const known = { readiness: undefined, models: undefined, accounts: undefined };
  const calm = { ...aTradingRun, limits: [] };
  expect(alertsOf({ ...known, overview: anOverview({ runs: [calm] }) })).toEqual([]);
  const found = alertsOf({
    ...known,
    overview: anOverview({ halted: true, halted_because: 'storm', runs: [aTradingRun, { ...calm, failing: true }] }),
  });
  expect(found.map(({ severity, text }) => [severity, text])).toEqual([
    ['error', 'All trading is halted: storm'],
    ['error', 'First try cannot go on; its orders are being cancelled'],
    ['warning', 'First try has used 80.00% of its limit “Drawdown”, 4.00% is left'],
  ]);
});

test('curves are added up where any of them has a point; a run that joins is no jump', () => {
  const old = [mark('2024-03-01T00:00:00Z', '100'), mark('2024-03-01T00:02:00Z', '110')];
  const young = [mark('2024-03-01T00:01:00Z', '50'), mark('2024-03-01T00:02:00Z', '45')];
  expect(equitySum([old, young, []]).map(({ value }) => value)).toEqual([150, 150, 155]);
  expect(equitySum([])).toEqual([]);
  const long = Array.from({ length: 5_000 }, (_, at) => mark(new Date(at * 1_000).toISOString(), String(at)));
  const thinned = equitySum([long]);
  expect(thinned.length).toBeLessThanOrEqual(801);
  expect(thinned.at(-1)?.value).toBe(4_999);
});
