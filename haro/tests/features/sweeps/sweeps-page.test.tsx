import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import type { SweepInFull, Trial } from '../../../src/lib/api-types';
import { renderApp } from '../../render-app';
import { pageOf, smaCross } from '../../samples';
import { answerGet, answerPost, errorBody, type Received } from '../../server';

const costs = {
  commission_bps: '10',
  slippage_bps: '0',
  maker_bps: null,
  commission_per_unit: '0',
  commission_per_order: '0',
  fee_in_base: false,
  slippage_ticks: '0',
  slippage_impact: '0',
};
const sweep: SweepInFull = {
  id: 'sweep-1',
  name: 'averages',
  strategy_id: 'sma_cross',
  strategy_version: '1.0',
  status: 'running',
  symbols: ['BTC/USD'],
  timeframe: '1h',
  config: {},
  initial_cash: '100000',
  costs,
  start_time: '2024-01-01T00:00:00Z',
  end_time: '2024-03-01T00:00:00Z',
  dimensions: [
    { name: 'fast', values: [5, 10], low: null, high: null, log: false },
    { name: 'slow', values: [30], low: null, high: null, log: false },
  ],
  method: 'grid',
  objective: 'sharpe_ratio',
  direction: 'maximize',
  constraints: [],
  seed: 0,
  pruning: false,
  walk_forward: null,
  trials_a_window: 2,
  windows: [],
  bars: 1_440,
  trials: 2,
  completed: 1,
  pruned: 0,
  failed: 0,
  best: 0,
  best_value: 1.234,
  guards: null,
  walk: null,
  error: null,
  created_at: '2024-03-02T00:00:00Z',
  ended_at: null,
  position: 7,
  stitched: null,
};
const trial: Trial = {
  number: 0,
  window: 0,
  part: 'whole',
  status: 'completed',
  parameters: { fast: 5, slow: 30 },
  start_time: null,
  end_time: null,
  value: 1.234,
  feasible: true,
  orders: 4,
  fills: 4,
  trades: 2,
  final_equity: '101000',
  figures: { sharpe_ratio: 1.234, total_return: 0.01 },
  engine_seconds: 0.1,
  error: null,
  started_at: '2024-03-02T00:00:00Z',
  ended_at: '2024-03-02T00:00:01Z',
};

beforeEach(() => {
  answerGet('/strategies', { items: [smaCross] });
  answerGet('/sweeps/sweep-1', sweep);
  answerGet('/sweeps/sweep-1/surface', { items: [trial], total: 1 });
  answerGet('/sweeps/sweep-1/trials', { items: [trial], total: 1, page: 1, page_size: 100 });
});

test('an empty list teaches the next command', async () => {
  answerGet('/sweeps', pageOf([]));
  renderApp('/sweeps');
  expect(await screen.findByText('No sweeps yet')).toBeVisible();
  expect(screen.getByText(/weaver sweep sma_cross/)).toBeVisible();
});

test('a sweep is a row with how far it is and its best value', async () => {
  answerGet('/sweeps', pageOf([sweep]));
  renderApp('/sweeps');
  const row = await screen.findByTestId('sweep-row');
  for (const text of ['averages', 'running', 'grid', 'Sharpe ratio', '1 of 2', '1.23'])
    expect(row).toHaveTextContent(text);
});

test('a sweep that is run shows its trials so far, and can be stopped', async () => {
  const received: Received[] = [];
  answerPost(
    '/sweeps/sweep-1/stop',
    () => HttpResponse.json({ sweep_id: 'sweep-1', position: 9 }, { status: 202 }),
    received,
  );
  renderApp('/sweeps/sweep-1');
  expect(await screen.findByTestId('heatmap')).toBeVisible();
  expect(screen.getByTestId('heatmap-reading')).toHaveTextContent('fast 5, slow 30: Sharpe ratio 1.23, trial 0');
  expect(screen.getByTestId('guards')).toHaveTextContent('Once every trial has ended');
  await userEvent.click(screen.getByRole('button', { name: 'Stop' }));
  expect(received.map(({ path }) => path)).toEqual(['/api/v1/sweeps/sweep-1/stop']);
});

test('a trial that was promoted is opened as a run; one that was refused says why', async () => {
  const received: Received[] = [];
  const path = '/sweeps/sweep-1/trials/0/promote';
  answerPost(
    path,
    () => HttpResponse.json(errorBody('CONFLICT', 'trial 0 was not completed'), { status: 409 }),
    received,
  );
  const { router } = renderApp('/sweeps/sweep-1');
  const promote = await screen.findByRole('button', { name: 'Promote trial 0' });
  await userEvent.click(promote);
  expect(await screen.findByText('trial 0 was not completed')).toBeVisible();
  answerPost(path, () => HttpResponse.json({ id: 'run-9' }, { status: 201 }), received);
  await userEvent.click(promote);
  await expect.poll(() => router.state.location.pathname).toBe('/runs/run-9');
  expect(received.at(-1)?.body).toEqual({ start: true });
});

test('a sweep nobody knows says so', async () => {
  answerGet('/sweeps/nobody', errorBody('NOT_FOUND', 'no sweep has the id nobody'), 404);
  renderApp('/sweeps/nobody');
  expect(await screen.findByText('There is no such sweep')).toBeVisible();
});
