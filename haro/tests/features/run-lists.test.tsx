import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { renderApp } from '../render-app';
import { anEvent, anOrder, aRun, pageOf } from '../samples';
import { answerGet, server } from '../server';

function prepare() {
  answerGet('/runs/run-1', aRun());
  answerGet('/runs/run-1/stats', {});
  answerGet('/runs/run-1/equity', { items: [], total: 0 });
  answerGet('/runs/run-1/orders', pageOf([anOrder()]));
  answerGet('/runs/run-1/events', pageOf([anEvent({ type: 'order.rejected', payload: { reason: 'no cash' } })]));
  answerGet('/accounts', { ...pageOf([]), exchanges: [] });
}

test('the tab is in the address, and of a hundred thousand orders only those in view are loaded', async () => {
  prepare();
  const asked: string[] = [];
  server.use(
    http.get('*/api/v1/runs/run-1/orders', ({ request }) => {
      const query = new URL(request.url).searchParams;
      asked.push(`${query.get('page') ?? ''}/${query.get('page_size') ?? ''} ${query.get('side') ?? ''}`);
      const items = Array.from({ length: 200 }, (_, at) => anOrder({ id: `order-${at}`, tag: `tag ${at}` }));
      return HttpResponse.json(pageOf(items, { total: 100_000 }));
    }),
  );
  const { router } = renderApp('/runs/run-1');
  await userEvent.click(await screen.findByTestId('tab-orders'));
  expect(await screen.findByText('tag 3')).toBeVisible();
  expect(router.state.location.search).toEqual({ tab: 'orders' });
  expect(screen.getByTestId('orders-table')).toHaveAttribute('aria-rowcount', '100001');
  expect(screen.getAllByTestId('order-row').length).toBeLessThan(100);
  expect(screen.getByText('100,000 orders')).toBeVisible();
  expect(asked.filter((one) => one.startsWith('1/200'))).toEqual(['1/200 ']);
  await userEvent.selectOptions(screen.getByLabelText('Side'), 'sell');
  await expect.poll(() => asked.at(-1)).toBe('1/200 sell');
});

test('a decision opens with all its orders and why one was refused', async () => {
  prepare();
  const order = { symbol: 'BTC/USD', side: 'buy', qty: '1', order_type: 'market', price: null, stop_price: null };
  answerGet(
    '/runs/run-1/decisions',
    pageOf([
      {
        run_id: 'run-1',
        at: '2024-01-01T05:00:00Z',
        placed: 2,
        orders: [
          { ...order, id: 'o1', tag: 'entry', refused: null },
          { ...order, id: 'o2', tag: null, refused: { policy: 'max_position', reason: 'too large' } },
        ],
        cancellations: 0,
        cancelled: [],
        tick: null,
        cause: null,
        missed: 0,
        missed_because: null,
        position: 12,
      },
    ]),
  );
  renderApp('/runs/run-1?tab=decisions');
  const row = await screen.findByTestId('decision-row');
  expect(row).toHaveTextContent('1 refused · buy 1 BTC/USD market');
  await userEvent.click(row);
  const orders = await screen.findByRole('list', { name: 'Orders of the decision' });
  expect(orders).toHaveTextContent('refused: too large');
});

test('events are listed with their position and open with their payload', async () => {
  prepare();
  renderApp('/runs/run-1?tab=events');
  const row = await screen.findByTestId('event-row');
  expect(row).toHaveTextContent('#7');
  expect(row).toHaveTextContent('no cash');
  await userEvent.click(row);
  expect(await screen.findByLabelText('Payload')).toHaveTextContent('"reason": "no cash"');
});

test('a search says how many events it went through, and goes further back for the asking', async () => {
  prepare();
  const asked: number[] = [];
  server.use(
    http.get('*/api/v1/runs/run-1/events', ({ request }) => {
      const query = new URL(request.url).searchParams;
      const [page, size] = [Number(query.get('page')), Number(query.get('page_size'))];
      if (size === 500) asked.push(page);
      const position = page === 50 ? 25_000 : page;
      const item = anEvent({ id: `e${position}`, position, type: 'order.rejected', payload: { reason: `no ${page}` } });
      return HttpResponse.json(pageOf([item], { total: 25_000 }));
    }),
  );
  renderApp('/runs/run-1?tab=events');
  await userEvent.type(await screen.findByLabelText('Words in an event'), 'no 7');
  expect(await screen.findByText('0 found in the newest 40 events')).toBeVisible();
  expect(Math.min(...asked)).toBe(11);
  await userEvent.click(screen.getByRole('button', { name: 'Search 20,000 before them' }));
  expect(await screen.findByText('1 found in all 50 events')).toBeVisible();
  expect(screen.getByTestId('event-row')).toHaveTextContent('no 7');
});
