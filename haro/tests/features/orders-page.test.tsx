import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import { isWorking, priceAsked } from '../../src/lib/order-facts';
import { renderApp } from '../render-app';
import { anOrder, aRun, pageOf } from '../samples';
import { answerGet, answerPost, server, type Received } from '../server';

beforeEach(() => {
  answerGet('/runs', pageOf([aRun({ mode: 'paper' })]));
});

test('an order shows its run, status and why it was rejected', async () => {
  answerGet('/orders', pageOf([anOrder({ status: 'rejected', reject_reason: 'insufficient buying power' })]));
  renderApp('/orders');
  const row = await screen.findByTestId('order-row');
  for (const text of ['PAPER', 'rejected', 'insufficient buying power', 'BTC/USD'])
    expect(within(row).getByText(text)).toBeVisible();
  expect(await within(row).findByRole('link', { name: 'First try' })).toHaveAttribute('href', '/runs/run-1?tab=orders');
  expect(within(row).queryByRole('button')).not.toBeInTheDocument();
});

test('the filters of the address are asked for, and chosen ones get into it', async () => {
  const asked: URLSearchParams[] = [];
  server.use(
    http.get('*/api/v1/orders', ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(pageOf([]));
    }),
  );
  const { router } = renderApp('/orders?side=sell&status=nonsense');
  expect(await screen.findByText('No order is like that')).toBeVisible();
  expect(asked[0]?.get('side')).toBe('sell');
  expect(asked[0]?.has('status')).toBe(false);
  await userEvent.selectOptions(screen.getByLabelText('Status'), 'filled');
  await waitFor(() => {
    expect(router.state.location.search).toEqual({ side: 'sell', status: 'filled' });
  });
});

test('a working order is cancelled after a question', async () => {
  answerGet('/orders', pageOf([anOrder({ status: 'accepted', filled_qty: '0', filled_avg_price: null })]));
  const received: Received[] = [];
  answerPost('/orders/order-1/cancel', () => HttpResponse.json({ order_id: 'order-1', position: 9 }), received);
  renderApp('/orders');
  await userEvent.click(await screen.findByRole('button', { name: /^Cancel the order to buy/ }));
  expect(received).toHaveLength(0);
  await userEvent.click(await screen.findByRole('button', { name: 'Cancel the order' }));
  await expect.poll(() => received).toHaveLength(1);
  expect(await screen.findByText('Cancellation requested')).toBeInTheDocument();
});

test('what works, and what it waits for', () => {
  expect(isWorking({ status: 'unknown' })).toBe(true);
  expect(isWorking({ status: 'expired' })).toBe(false);
  expect(priceAsked({ price: '10', stop_price: '9.5' })).toBe('stop 9.50 / 10.00');
  expect(priceAsked({ price: null, stop_price: null })).toBe('—');
});
