import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { expect, test, vi } from 'vitest';
import type { Parity, Run } from '../../src/lib/api-types';
import { saveApiKey } from '../../src/lib/api-key';
import { renderApp } from '../render-app';
import { anEvent, aRun, pageOf, smaCross } from '../samples';
import { answerGet, answerPost, errorBody, origin, server, type Received } from '../server';

const fill = anEvent({ type: 'order.filled', position: 1204, payload: { at: '2024-01-10T12:00:00Z' } });

function prepare(changes: Partial<Run> = {}) {
  answerGet('/runs/run-1', aRun({ started_at: '2024-01-01T00:00:00Z', ...changes }));
  answerGet('/runs/run-1/stats', {});
  answerGet('/runs/run-1/equity', { items: [] });
  answerGet('/runs/run-1/orders', pageOf([]));
  answerGet('/runs/run-1/positions', pageOf([]));
  answerGet('/runs/run-1/events', pageOf([fill], { total: 1 }));
  answerGet('/strategies', { items: [smaCross] });
}

const report: Parity = {
  run_id: 'run-1',
  mode: 'paper',
  exchange: 'alpaca',
  position: 99,
  moment: '2024-01-10T12:00:00Z',
  bars: 60,
  bars_compared: 58,
  orders: 3,
  backtest_orders: 3,
  live_equity: '99996.95',
  backtest_equity: '100000',
  difference: '-3.05',
  differences: [
    {
      kind: 'fill_price',
      count: 2,
      amount: '-3.05',
      examples: [
        {
          at: '2024-01-10T11:00:00Z',
          symbol: 'BTC/USD',
          amount: '-3.05',
          live: { side: 'buy', qty: '1', order_type: 'market', filled_qty: '1', average_price: '103.05' },
          backtest: { side: 'buy', qty: '1', order_type: 'market', filled_qty: '1', average_price: '100' },
          order_id: 'order-1',
        },
      ],
    },
    { kind: 'refusal', count: 0, amount: '0', examples: [] },
  ],
  latency: { orders: 3, p50: 0.25, p95: 1.9, longest: 2 },
  unexplained: '0',
  backtest_error: null,
};

const openTheForm = async () => {
  await waitFor(() => {
    expect(screen.getByTestId('fork-from-here')).toBeEnabled();
  });
  await userEvent.click(screen.getByTestId('fork-from-here'));
};

test('a refused fork keeps the form, tells why, and is sent anew under another key', async () => {
  prepare();
  const received: Received[] = [];
  const refused = () => HttpResponse.json(errorBody('CONFLICT', 'there is no bar after it'), { status: 409 });
  const made = () => HttpResponse.json(aRun({ id: 'fork-1', status: 'pending' }), { status: 201 });
  const answers = [refused, made];
  answerPost('/runs/run-1/fork', () => answers.shift()?.() ?? made(), received);
  for (const part of ['', '/stats', '/equity', '/orders']) answerGet(`/runs/fork-1${part}`, aRun({ id: 'fork-1' }));
  const { router } = renderApp('/runs/run-1?tab=time-travel');
  await openTheForm();
  const form = await screen.findByTestId('fork-form');
  expect(within(form).getByTestId('fork-point')).toHaveTextContent(
    'From #1204 order.filled, market time 2024-01-10 12:00:00 UTC',
  );
  const slow = within(form).getByLabelText('slow');
  await userEvent.clear(slow);
  await userEvent.type(slow, '60');
  await userEvent.click(within(form).getByTestId('start-fork'));
  const told = await within(form).findByRole('alert');
  expect(told).toHaveTextContent('there is no bar after it');
  expect(told).toHaveTextContent('corr-42');
  expect(slow).toHaveValue('60');
  await userEvent.click(within(form).getByTestId('start-fork'));
  await expect.poll(() => router.state.location.pathname).toBe('/runs/fork-1');
  expect(received.map(({ body }) => body)).toEqual([
    { position: 1204, start: true, parameters: { slow: 60 } },
    { position: 1204, start: true, parameters: { slow: 60 } },
  ]);
  expect(received[0]?.idempotencyKey).not.toBe(received[1]?.idempotencyKey);
});

test('a run whose strategy is gone tells what can be done', async () => {
  prepare({ strategy_id: 'gone' });
  renderApp('/runs/run-1?tab=time-travel');
  await openTheForm();
  expect(await screen.findByText('The run’s strategy cannot be loaded')).toBeVisible();
  expect(screen.queryByTestId('start-fork')).not.toBeInTheDocument();
});

test('a difference is told cause by cause, with both sides of its examples', async () => {
  prepare({ mode: 'paper' });
  answerGet('/runs/run-1/parity', report);
  renderApp('/runs/run-1?tab=parity');
  expect(await screen.findByTestId('parity-outcome')).toHaveTextContent('The run has 3.05 less than a backtest');
  const cause = screen.getByTestId('cause-fill_price');
  expect(cause).toHaveTextContent('-3.05');
  expect(screen.getByTestId('cause-refusal').querySelector('details')).toBeNull();
  await userEvent.click(within(cause).getByText('Other fill prices'));
  const examples = await within(cause).findByTestId('examples-fill_price');
  expect(within(examples).getByText('buy 1 market, filled at 103.05')).toBeVisible();
  expect(within(examples).getByText('buy 1 market, filled at 100.00')).toBeVisible();
  expect(cause).toHaveTextContent('The 1 largest of 2.');
  expect(screen.getByTestId('parity-figures')).toHaveTextContent('250 ms');
});

test('a run that has decided nothing yet has nothing to compare', async () => {
  prepare({ mode: 'paper' });
  answerGet('/runs/run-1/parity', errorBody('VALIDATION_ERROR', 'it has not decided on a bar yet'), 422);
  renderApp('/runs/run-1?tab=parity');
  expect(await screen.findByRole('heading', { name: 'Nothing to compare' })).toBeVisible();
  expect(screen.getByText('it has not decided on a bar yet')).toBeVisible();
  answerGet('/runs/run-1/parity', report);
  await userEvent.click(screen.getByRole('button', { name: 'Compare again' }));
  expect(await screen.findByTestId('parity-outcome')).toBeVisible();
});

test('a backtest has no such tab', async () => {
  prepare();
  renderApp('/runs/run-1?tab=parity');
  expect(await screen.findByRole('heading', { name: 'Parity is about paper and live runs' })).toBeVisible();
  expect(screen.queryByTestId('tab-parity')).not.toBeInTheDocument();
});

test('an export is asked for with the key in a header, and its refusal is told', async () => {
  prepare();
  saveApiKey('secret');
  const asked: { url: string; key: string | null; accept: string | null }[] = [];
  const answers = [
    () => HttpResponse.json(errorBody('NOT_FOUND', 'no such run'), { status: 404 }),
    () => new HttpResponse(new Uint8Array([31, 139]), { headers: { 'Content-Type': 'application/gzip' } }),
  ];
  server.use(
    http.get(`${origin}api/v1/runs/run-1/export`, ({ request: { url, headers } }) => {
      asked.push({ url, key: headers.get('X-API-Key'), accept: headers.get('Accept') });
      return answers.shift()?.();
    }),
  );
  const saved: Blob[] = [];
  const names: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    names.push(this.download);
  });
  URL.createObjectURL = (content) => {
    saved.push(content as Blob);
    return 'blob:run-1';
  };
  URL.revokeObjectURL = () => undefined;
  renderApp('/runs/run-1');
  await userEvent.click(await screen.findByTestId('export-run'));
  expect(await screen.findByText('no such run (correlation id corr-42)')).toBeVisible();
  await userEvent.click(screen.getByTestId('export-run'));
  await expect.poll(() => names).toEqual(['run-1.weaver.gz']);
  expect(saved[0]?.size).toBe(2);
  const wanted = { url: `${origin}api/v1/runs/run-1/export`, key: 'secret', accept: 'application/gzip' };
  expect(asked).toEqual([wanted, wanted]);
  vi.restoreAllMocks();
});
