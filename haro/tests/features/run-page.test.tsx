import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { renderApp } from '../render-app';
import { aRun, anOrder, pageOf } from '../samples';
import { answerGet, answerPost, errorBody, type Received } from '../server';
import type { Run } from '../../src/lib/api-types';

function prepare(changes: Partial<Run> = {}) {
  answerGet('/runs/run-1', aRun(changes));
  answerGet('/runs/run-1/stats', { total_pnl: { value: '250.5', basis: 'fees included' } });
  answerGet('/runs/run-1/equity', { items: [] });
  answerGet('/runs/run-1/orders', pageOf([anOrder(), anOrder({ id: 'order-2', side: 'sell' })]));
}

test('a finished run shows its state, figures and orders', async () => {
  prepare();
  renderApp('/runs/run-1');
  expect(await screen.findByTestId('run-status')).toHaveTextContent('completed');
  await expect.poll(() => screen.getByTestId('stat-total-pnl').textContent).toBe('+250.50');
  const orders = await screen.findByTestId('orders-table');
  expect(within(orders).getAllByTestId('order-row')).toHaveLength(2);
  expect(within(orders).getAllByText('42,000.50')).toHaveLength(2);
  expect(screen.queryByTestId('stop-run')).not.toBeInTheDocument();
});

test('what a figure is based on is told on focus', async () => {
  prepare();
  renderApp('/runs/run-1');
  const hint = await screen.findByRole('button', { name: 'Total PnL' });
  await userEvent.hover(hint);
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

test('a running run shows its progress and can be stopped', async () => {
  prepare({ status: 'running', progress: 0.42 });
  const received: Received[] = [];
  answerPost('/runs/run-1/stop', () => new HttpResponse(null, { status: 202 }), received);
  renderApp('/runs/run-1');
  expect(await screen.findByTestId('run-progress')).toHaveAttribute('aria-valuenow', '42');
  await userEvent.click(screen.getByTestId('stop-run'));
  await expect.poll(() => received).toHaveLength(1);
  expect(received[0]?.idempotencyKey).not.toBeNull();
});

test('orders are turned page by page with the cursor', async () => {
  prepare();
  answerGet('/runs/run-1/orders', pageOf([anOrder()], { total: 2, next_cursor: 'c2' }));
  renderApp('/runs/run-1');
  const next = await screen.findByRole('button', { name: 'Next' });
  answerGet('/runs/run-1/orders', pageOf([anOrder({ id: 'order-2', tag: 'second' })], { total: 2 }));
  await userEvent.click(next);
  expect(await screen.findByText('second')).toBeVisible();
  expect(screen.getByRole('button', { name: 'Next' })).toBeDisabled();
  expect(screen.getByRole('button', { name: 'Previous' })).toBeEnabled();
});

test('an unknown run says so', async () => {
  answerGet('/runs/nope', errorBody('NOT_FOUND', 'No such run.'), 404);
  renderApp('/runs/nope');
  expect(await screen.findByText('There is no such run', undefined, { timeout: 4_000 })).toBeVisible();
});
