import { fireEvent, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { chooseTimeZone } from '../../src/lib/time-zone';
import { renderApp } from '../render-app';
import { anInfo, aRun, hourlyBitcoin, pageOf, smaCross } from '../samples';
import { answerGet, answerPost, errorBody, type Received } from '../server';

const created = () => HttpResponse.json(aRun({ status: 'pending', stats: null }), { status: 201 });
const accepted = () => new HttpResponse(null, { status: 202 });
const refused = (status: number) => () => HttpResponse.json(errorBody('CONFLICT', 'Not now.'), { status });

function prepare() {
  answerGet('/strategies', { items: [smaCross] });
  answerGet('/symbols', { items: [hourlyBitcoin] });
  answerGet('/info', anInfo());
  answerGet('/runs/run-1', aRun({ status: 'pending', stats: null }));
  answerGet('/runs/run-1/stats', {});
  answerGet('/runs/run-1/equity', { items: [] });
  answerGet('/runs/run-1/orders', pageOf([]));
}

const press = async () => {
  await userEvent.click(await screen.findByTestId('start-backtest'));
};

test('the form is filled from the schema and the bars there are', async () => {
  prepare();
  renderApp('/new');
  expect(await screen.findByLabelText('fast')).toHaveValue('10');
  expect(screen.getByText('bars in the fast average · from 2 to 200')).toBeVisible();
  expect(screen.getByLabelText('long_only')).toBeChecked();
  expect(screen.getByLabelText('Start (UTC)')).toHaveValue('2024-01-01T00:00');
  expect(screen.getByLabelText('End (UTC)')).toHaveValue('2024-02-01T00:00');
});

test('starting creates the run, starts it, each with its own key, and goes there', async () => {
  prepare();
  const received: Received[] = [];
  answerPost('/runs', created, received);
  answerPost('/runs/run-1/start', accepted, received);
  const { router } = renderApp('/new');
  const fast = await screen.findByLabelText('fast');
  await userEvent.clear(fast);
  await userEvent.type(fast, '5');
  await press();
  await expect.poll(() => router.state.location.pathname).toBe('/runs/run-1');
  expect(await screen.findByTestId('run-status')).toHaveTextContent('pending');
  expect(received.map(({ path }) => path)).toEqual(['/api/v1/runs', '/api/v1/runs/run-1/start']);
  expect(received[0]?.body).toEqual({
    mode: 'backtest',
    strategy_id: 'sma_cross',
    symbols: ['BTC/USD'],
    timeframe: '1h',
    start_time: '2024-01-01T00:00:00Z',
    end_time: '2024-02-01T00:00:00Z',
    initial_cash: '100000',
    config: { fast: 5, slow: 30, quantity: '1', long_only: true },
    costs: { commission_bps: '10' },
  });
  expect(received[0]?.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
  expect(received[1]?.idempotencyKey).not.toBe(received[0]?.idempotencyKey);
});

test('the currency of fees is sent only where it was chosen', async () => {
  prepare();
  const received: Received[] = [];
  answerPost('/runs', created, received);
  answerPost('/runs/run-1/start', accepted, received);
  renderApp('/new');
  await userEvent.selectOptions(await screen.findByLabelText('Fees of buys are taken in'), 'base currency');
  await press();
  await expect.poll(() => received).toHaveLength(2);
  expect(received[0]?.body).toMatchObject({ costs: { commission_bps: '10', fee_in_base: true } });
});

test('start and end are typed in the zone that is shown, and sent in UTC', async () => {
  prepare();
  chooseTimeZone('exchange');
  const received: Received[] = [];
  answerPost('/runs', created, received);
  answerPost('/runs/run-1/start', accepted, received);
  renderApp('/new');
  const start = await screen.findByLabelText('Start (New York)');
  expect(start).toHaveValue('2023-12-31T19:00');
  fireEvent.change(start, { target: { value: '2024-01-02T09:30' } });
  chooseTimeZone('utc');
  expect(await screen.findByLabelText('Start (UTC)')).toHaveValue('2024-01-02T14:30');
  await press();
  await expect.poll(() => received).toHaveLength(2);
  expect(received[0]?.body).toMatchObject({ start_time: '2024-01-02T14:30:00Z' });
});

test('a value out of bounds is said at its field and nothing is sent', async () => {
  prepare();
  renderApp('/new');
  const fast = await screen.findByLabelText('fast');
  await userEvent.clear(fast);
  await userEvent.type(fast, '1');
  await press();
  expect(screen.getByText('Must be from 2 to 200.')).toBeVisible();
  expect(fast).toHaveFocus();
  expect(fast).toBeInvalid();
});

test('a refusal shows message and correlation id; pressing again does not make a second run', async () => {
  prepare();
  const received: Received[] = [];
  answerPost('/runs', created, received);
  answerPost('/runs/run-1/start', refused(409), received);
  const { router } = renderApp('/new');
  await press();
  expect(await screen.findByRole('alert')).toHaveTextContent(/Not now\..*corr-42/);
  answerPost('/runs/run-1/start', accepted, received);
  await press();
  await expect.poll(() => router.state.location.pathname).toBe('/runs/run-1');
  const [create, start, createAgain, startAgain] = received.map(({ idempotencyKey }) => idempotencyKey);
  expect(createAgain).toBe(create);
  expect(startAgain).not.toBe(start);
});

test('an unanswered command is repeated under the same key', async () => {
  prepare();
  const received: Received[] = [];
  answerPost('/runs', () => HttpResponse.error(), received);
  renderApp('/new');
  await press();
  expect(await screen.findByRole('alert')).toHaveTextContent('cannot be reached');
  await press();
  await expect.poll(() => received).toHaveLength(2);
  expect(received[1]?.idempotencyKey).toBe(received[0]?.idempotencyKey);
});

test('without bars the page teaches how to get some', async () => {
  answerGet('/strategies', { items: [smaCross] });
  answerGet('/symbols', { items: [] });
  answerGet('/info', anInfo());
  renderApp('/new');
  expect(await screen.findByText(/weaver data import/)).toBeVisible();
});

test('a live run is asked about twice before anything is sent', async () => {
  prepare();
  answerGet('/info', anInfo({ exchanges: ['simulated', 'alpaca'] }));
  const received: Received[] = [];
  answerPost('/runs', created, received);
  answerPost('/runs/run-1/start', accepted, received);
  renderApp('/new');
  await userEvent.click(await screen.findByRole('radio', { name: 'Live' }));
  expect(screen.getByLabelText('Exchange')).toHaveValue('alpaca');
  await press();
  expect(screen.getByText('Needed for a live run.')).toBeVisible();
  await userEvent.click(screen.getByRole('checkbox', { name: /trades real money/ }));
  await press();
  expect(received).toHaveLength(0);
  await userEvent.click(await screen.findByRole('button', { name: 'Start trading real money' }));
  await expect.poll(() => received).toHaveLength(2);
  expect(received[0]?.body).toMatchObject({ mode: 'live', exchange: 'alpaca', warmup_bars: 200 });
  expect(received[0]?.body).not.toHaveProperty('start_time');
});

test('a clone starts with what the other run was told', async () => {
  prepare();
  answerGet(
    '/runs/run-1',
    aRun({ config: { fast: 7, quantity: '2.5' }, tags: ['tried'], risk: { max_position: '3' } }),
  );
  renderApp('/new?clone=run-1');
  expect(await screen.findByLabelText('fast')).toHaveValue('7');
  expect(screen.getByLabelText('quantity')).toHaveValue('2.5');
  expect(screen.getByLabelText('Name')).toHaveValue('First try (copy)');
  expect(screen.getByLabelText('Largest position')).toHaveValue('3');
  expect(screen.getByText('tried')).toBeVisible();
});
