import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import { modelKeeper } from '../../src/features/system/model-keeper';
import { renderApp } from '../render-app';
import { answerGet, answerPost, answerReadiness, errorBody, type Received } from '../server';
import { answerSystem, orders, ready } from './system-scene';

beforeEach(answerSystem);

test('what runs here is told, and the log has its newest line first', async () => {
  renderApp('/system');
  expect(await screen.findByTestId('processes')).toHaveTextContent(/session.*process 8.*51 MB.*run 123456/);
  const lines = within(await screen.findByTestId('log')).getAllByRole('listitem');
  expect(lines.map((item) => item.textContent)).toEqual([
    expect.stringMatching(/warning slower ms=900$/),
    expect.stringMatching(/warning slow ms=900$/),
  ]);
});

test('it is said in plain words who keeps the read models', async () => {
  answerGet('/system/read-models', { items: [{ ...orders, state: 'standby' }] });
  const since = '2024-03-01T09:00:00Z';
  const one = { run_id: null, since, memory_bytes: null, threads: [] };
  answerGet('/system/processes', {
    items: [
      { ...one, kind: 'server', pid: 7 },
      { ...one, kind: 'projector', pid: 9 },
    ],
  });
  renderApp('/system');
  expect(await screen.findByText(/^kept by the projector, process 9; this server takes over/)).toBeVisible();
  expect(within(screen.getByTestId('read-model-orders')).getByText('kept by the projector')).toBeVisible();
  expect(screen.queryByText('standby')).toBeNull();
});

test('without a projector another process is said to keep them, or the server itself', () => {
  expect(modelKeeper([{ state: 'standby' }], []).standby).toBe('kept by another process');
  expect(modelKeeper([{ state: 'following' }], undefined).summary).toBe('kept by this server itself');
});

test('every part says how it is, and what was measured', async () => {
  renderApp('/system');
  const health = await screen.findByTestId('health');
  expect(within(health).getAllByRole('listitem')).toHaveLength(7);
  expect(within(health).getByText('-0.012 s')).toBeVisible();
  expect(screen.getByText('Everything is up')).toBeVisible();
  expect(await screen.findByText('0.1.0')).toBeVisible();
});

test('what is down is an answer, not an error', async () => {
  const reason = 'the database does not answer';
  answerReadiness(
    {
      ...errorBody('SERVICE_UNAVAILABLE', 'not ready'),
      ...ready,
      status: 'not_ready',
      database: { state: 'down', reason },
    },
    503,
  );
  renderApp('/system');
  expect(await screen.findByText('Down: Database')).toBeVisible();
  expect(screen.getByText(reason)).toBeVisible();
});

test('an account shows both sides and what they say differently', async () => {
  renderApp('/system');
  const alpaca = await screen.findByTestId('exchange-alpaca');
  for (const text of ['1,000.50 USD', 'account PA1', 'An order that nobody here placed.', 'left alone'])
    expect(within(alpaca).getByText(text)).toBeVisible();
  expect(await within(alpaca).findByText('standing by')).toBeVisible();
  expect(within(alpaca).getAllByText('differs')).toHaveLength(1);
  expect(within(alpaca).getByRole('link', { name: 'the run' })).toHaveAttribute('href', '/runs/run-1');
  expect(within(screen.getByTestId('exchange-simulated')).getByText('can be traded at')).toBeVisible();
});

test('a rebuild is asked about, started with a key of its own, and its progress shown', async () => {
  const received: Received[] = [];
  answerPost('/system/read-models/orders/rebuild', () => HttpResponse.json(orders, { status: 202 }), received);
  renderApp('/system');
  const row = await screen.findByTestId('read-model-orders');
  for (const text of ['4,200', '11']) expect(within(row).getByText(text)).toBeVisible();
  await userEvent.click(within(row).getByRole('button', { name: 'Rebuild orders …' }));
  expect(received).toHaveLength(0);
  const rebuild = { ...orders.rebuild, state: 'running' as const, position: 2_000, head: 4_211, fraction: 0.475 };
  answerGet('/system/read-models', { items: [{ ...orders, rebuild }] });
  await userEvent.click(screen.getByRole('button', { name: 'Rebuild orders' }));
  expect(await screen.findByText('2,000 of 4,211')).toBeVisible();
  expect(screen.getByRole('progressbar', { name: 'Rebuild of orders' })).toHaveAttribute('aria-valuenow', '47');
  expect(received[0]?.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
  answerGet('/system/read-models', { items: [{ ...orders, rebuild: { ...rebuild, state: 'done', seconds: 3 } }] });
  expect(await screen.findByText('rebuilt in 3 s')).toBeVisible();
});

test('a refused rebuild says why', async () => {
  const refused = () => HttpResponse.json(errorBody('CONFLICT', 'It is being rebuilt already.'), { status: 409 });
  answerPost('/system/read-models/orders/rebuild', refused, []);
  renderApp('/system');
  await userEvent.click(await screen.findByRole('button', { name: 'Rebuild orders …' }));
  await userEvent.click(screen.getByRole('button', { name: 'Rebuild orders' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('It is being rebuilt already.');
});
