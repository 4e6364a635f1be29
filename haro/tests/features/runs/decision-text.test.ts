import { expect, test } from 'vitest';
import { decidedOrderText, type DecidedOrder } from '../../../src/features/runs/decision-text';

const order: DecidedOrder = {
  id: 'o1',
  symbol: 'BTC/USD',
  side: 'buy',
  qty: '0.50',
  order_type: 'market',
  price: null,
  stop_price: null,
  tag: null,
  refused: null,
} as DecidedOrder;

test('an order is told with the prices it waits for', () => {
  expect(decidedOrderText(order)).toBe('buy 0.5 BTC/USD market');
  expect(decidedOrderText({ ...order, order_type: 'stop_limit', price: '10', stop_price: '9' })).toBe(
    'buy 0.5 BTC/USD limit 10.00 stop 9.00',
  );
  expect(decidedOrderText({ ...order, order_type: 'trailing_stop', stop_price: '9' })).toBe(
    'buy 0.5 BTC/USD trailing stop stop 9.00',
  );
});
