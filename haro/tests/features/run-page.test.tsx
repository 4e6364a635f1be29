import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { renderApp } from '../render-app';
import { aFill, anEvent, anOrder, aRun, pageOf } from '../samples';
import { answerGet, answerPost, errorBody, type Received } from '../server';
import type { Run, Trade } from '../../src/lib/api-types';

function prepare(changes: Partial<Run> = {}) {
  answerGet('/risk', { halted: false, reason: null, halted_at: null });
  answerGet('/runs/run-1', aRun(changes));
  answerGet('/runs/run-1/stats', { total_pnl: { value: '250.5', basis: 'fees included' } });
  answerGet('/runs/run-1/equity', { items: [], total: 0 });
  answerGet('/runs/run-1/orders', pageOf([anOrder(), anOrder({ id: 'order-2', side: 'sell' })]));
  answerGet('/runs/run-1/events', pageOf([anEvent({ type: 'order.rejected', payload: { reason: 'no cash' } })]));
  answerGet('/accounts', { ...pageOf([]), exchanges: [] });
}

const aTrade: Trade = {
  run_id: 'run-1',
  symbol: 'BTC/USD',
  side: 'long',
  opened_at: '2024-01-01T05:00:00Z',
  closed_at: '2024-01-01T06:00:00Z',
  qty: '0.5',
  entry_price: '42000.5',
  exit_price: '42100',
  pnl: '-12.5',
  fees: '1',
  position: 9,
};

function takePosts(path: string): Received[] {
  const received: Received[] = [];
  answerPost(path, () => HttpResponse.json({ run_id: 'run-1', position: 8 }, { status: 202 }), received);
  return received;
}

test('a finished run shows its state, figures and latest orders', async () => {
  prepare();
  renderApp('/runs/run-1');
  expect(await screen.findByTestId('run-status')).toHaveTextContent('completed');
  await expect.poll(() => screen.getByTestId('stat-total-pnl').textContent).toBe('+250.50');
  const orders = await screen.findByTestId('orders-table');
  expect(within(orders).getAllByTestId('order-row')).toHaveLength(2);
  expect(within(orders).getAllByText('42,000.50')).toHaveLength(2);
  expect(screen.queryByTestId('stop-run')).not.toBeInTheDocument();
  expect(screen.getByTestId('delete-run')).toBeVisible();
  expect(screen.getByTestId('clone-run')).toHaveAttribute('href', '/new?clone=run-1');
});

test('a fork leads to the run it comes from, and lays both over each other', async () => {
  prepare({ forked_from: { run_id: 'run-parent', position: 1204, moment: '2024-01-10T12:00:00Z' } });
  renderApp('/runs/run-1');
  const origin = await screen.findByTestId('run-origin');
  expect(within(origin).getByRole('link', { name: 'run parent' })).toHaveAttribute('href', '/runs/run-parent');
  const compare = within(origin).getByRole('link', { name: 'compare' }).getAttribute('href') ?? '';
  expect(decodeURIComponent(compare)).toBe('/compare?runs=run-parent,run-1');
});

test('a run that is no fork says nothing of one', async () => {
  prepare();
  renderApp('/runs/run-1');
  await screen.findByTestId('run-status');
  expect(screen.queryByTestId('run-origin')).not.toBeInTheDocument();
});

test('what a figure is based on is told on focus', async () => {
  prepare();
  renderApp('/runs/run-1');
  await expect.poll(() => screen.queryByTestId('stat-total-pnl')?.textContent).toBe('+250.50');
  await userEvent.hover(screen.getByRole('button', { name: 'Total PnL' }));
  expect(await screen.findByText('fees included')).toBeInTheDocument();
});

test('a failed run shows why, with the traceback', async () => {
  prepare({ status: 'error', error: { code: 'STRATEGY_ERROR', message: 'division by zero', traceback: 'line 31' } });
  renderApp('/runs/run-1');
  const panel = await screen.findByTestId('run-error');
  expect(panel).toHaveTextContent('STRATEGY_ERROR');
  expect(panel).toHaveTextContent('division by zero');
  expect(panel).toHaveTextContent('line 31');
});

test('a running backtest shows its progress and is stopped at once', async () => {
  prepare({ status: 'running', progress: 0.42 });
  const received = takePosts('/runs/run-1/stop');
  renderApp('/runs/run-1');
  expect(await screen.findByTestId('run-progress')).toHaveAttribute('aria-valuenow', '42');
  await userEvent.click(screen.getByTestId('stop-run'));
  await expect.poll(() => received).toHaveLength(1);
  expect(received[0]?.idempotencyKey).not.toBeNull();
});

test('a live run is flattened only by who types its name', async () => {
  prepare({ mode: 'live', status: 'running', started_at: '2024-03-01T10:00:00Z' });
  const received = takePosts('/runs/run-1/flatten');
  renderApp('/runs/run-1');
  await userEvent.click(await screen.findByTestId('flatten-run'));
  const confirm = await screen.findByRole('button', { name: 'Close everything' });
  expect(confirm).toBeDisabled();
  await userEvent.type(screen.getByTestId('confirm-name'), 'First try');
  await userEvent.click(confirm);
  await expect.poll(() => received).toHaveLength(1);
  expect(received[0]?.idempotencyKey).not.toBeNull();
});

test('a command that was refused says why, with the correlation id', async () => {
  prepare({ mode: 'paper', status: 'running' });
  answerPost(
    '/runs/run-1/pause',
    () => HttpResponse.json(errorBody('CONFLICT', 'It is being stopped.'), { status: 409 }),
    [],
  );
  renderApp('/runs/run-1');
  await userEvent.click(await screen.findByTestId('pause-run'));
  const notice = await screen.findByRole('alert');
  expect(notice).toHaveTextContent('It is being stopped.');
  expect(notice).toHaveTextContent('corr-42');
});

test('an order that cannot be cancelled says why, with the correlation id', async () => {
  prepare({ mode: 'paper', status: 'running' });
  answerGet('/runs/run-1/orders', pageOf([anOrder({ status: 'accepted' })]));
  answerPost(
    '/orders/order-1/cancel',
    () => HttpResponse.json(errorBody('CONFLICT', 'It has been filled.'), { status: 409 }),
    [],
  );
  renderApp('/runs/run-1?tab=orders');
  await userEvent.click(await screen.findByTestId('cancel-order'));
  expect(await screen.findByText('The order was not cancelled')).toBeVisible();
  expect(screen.getByText('It has been filled. (correlation id corr-42)')).toBeVisible();
});

test('a trade tells why: each of its orders from the bar to the fill', async () => {
  prepare();
  answerGet('/runs/run-1/trades', pageOf([aTrade]));
  answerGet('/runs/run-1/fills', pageOf([aFill({ position: 5 })]));
  const reason = { order_id: 'order-1', at: '2024-01-01T05:00:00Z', payload: {} };
  answerGet('/orders/order-1/why', {
    order_id: 'order-1',
    run_id: 'run-1',
    items: [
      { ...reason, step: 'market', type: 'bar', position: null, text: 'BTC/USD closed at 42000' },
      { ...reason, step: 'fill', type: 'order.filled', position: 5, text: 'Filled 0.5' },
    ],
  });
  const { router } = renderApp('/runs/run-1?tab=trades');
  await userEvent.click(await screen.findByTestId('why-trade'));
  const chain = await screen.findByTestId('order-chain');
  expect(chain).toHaveTextContent('BTC/USD closed at 42000');
  await userEvent.click(within(chain).getByRole('button', { name: '#5' }));
  expect(router.state.location.search).toEqual({ tab: 'time-travel', at: 5 });
});

test('an unknown run says so, with the correlation id', async () => {
  answerGet('/risk', { halted: false, reason: null, halted_at: null });
  answerGet('/runs/nope', errorBody('NOT_FOUND', 'No such run.'), 404);
  renderApp('/runs/nope');
  expect(await screen.findByText('There is no such run', undefined, { timeout: 4_000 })).toBeVisible();
  expect(screen.getByText('corr-42')).toBeVisible();
});
