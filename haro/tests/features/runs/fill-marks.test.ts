import { expect, test } from 'vitest';
import {
  barsAMark,
  fillPoints,
  groupsIn,
  marksIn,
  placedFills,
  placesIn,
  type FillMark,
  type FillPoint,
} from '../../../src/features/runs/chart/fill-marks';
import { holdings, holdingsIn, shading } from '../../../src/features/runs/chart/held-position';
import { orderLines } from '../../../src/features/runs/chart/order-lines';
import { withNewer } from '../../../src/features/runs/known-fills';
import { ordersOfTrade } from '../../../src/features/runs/why/orders-of-trade';
import { aFill, anOrder } from '../../samples';

const point = (time: number, side: 'buy' | 'sell' = 'buy'): FillPoint => ({
  time,
  side,
  qty: '1',
  price: '1',
  position: time,
  orderId: 'o',
});

/** The marks of a part of a chart. */
function marked(points: FillPoint[], times: number[], places: { from: number; to: number }, room: number): FillMark[] {
  return marksIn(placedFills(points, times), times, groupsIn(places, times.length, room));
}

test('zoomed in every bar has its own marks, one for each side', () => {
  const times = [0, 10, 20, 30];
  const points = [point(10), point(15, 'sell'), point(17), point(30)];
  const marks = marked(points, times, { from: 0, to: 3 }, 90);
  expect(marks.map(({ time, side, count }) => [time, side, count])).toEqual([
    [10, 'buy', 2],
    [10, 'sell', 1],
    [30, 'buy', 1],
  ]);
});

test('twenty thousand fills are as few marks as fit, and none is lost', () => {
  const times = Array.from({ length: 20_000 }, (_, at) => at * 60);
  const points = times.map((time, at) => point(time, at % 2 === 0 ? 'buy' : 'sell'));
  const marks = marked(points, times, { from: 0, to: 19_999 }, 90);
  expect(marks.length).toBeLessThanOrEqual(180);
  expect(marks.reduce((sum, { count }) => sum + count, 0)).toBe(20_000);
  const zoomed = marked(points, times, { from: 5_000, to: 5_060 }, 90);
  expect(zoomed.every(({ count }) => count === 1)).toBe(true);
});

test('groups stay where they are while the chart is moved', () => {
  const times = Array.from({ length: 2_000 }, (_, at) => at);
  const points = times.map((time) => point(time));
  const at = (from: number) => marked(points, times, { from, to: from + 500 }, 90).map(({ time }) => time);
  const [here, there] = [at(400), at(403)];
  expect(there.slice(0, 20)).toEqual(here.filter((time) => time >= (there[0] ?? 0)).slice(0, 20));
  expect(barsAMark(501, 90)).toBe(8);
});

test('a fill before the first bar has no mark, one behind the last stands at the last', () => {
  const marks = marked([point(5), point(10), point(99)], [10, 20], { from: -3, to: 40 }, 90);
  expect(marks.map(({ time, count }) => [time, count])).toEqual([
    [10, 1],
    [20, 1],
  ]);
});

test('the marks of a part of the chart are made by a look at that part alone', () => {
  const times = Array.from({ length: 20_000 }, (_, at) => at * 60);
  const placed = placedFills(
    times.map((time) => point(time)),
    times,
  );
  let looks = 0;
  const counted = new Proxy(placed.buy.places, {
    get: (target, name) => {
      looks += 1;
      return Reflect.get(target, name) as unknown;
    },
  });
  const marks = marksIn(
    { ...placed, buy: { ...placed.buy, places: counted } },
    times,
    groupsIn({ from: 0, to: 19_999 }, times.length, 42),
  );
  expect(marks.reduce((sum, { count }) => sum + count, 0)).toBe(20_000);
  expect(looks).toBeLessThan(marks.length * 40);
});

test('a phone has room for fewer marks than a desk', () => {
  expect(placesIn(1_200)).toBe(42);
  expect(placesIn(260)).toBe(9);
  expect(placesIn(0)).toBe(8);
});

test('holdings are counted by when they began', () => {
  const begins = [10, 20, 30];
  expect(holdingsIn(begins, { from: 20, to: 40 })).toBe(2);
  expect(holdingsIn(begins, { from: 20.5, to: 29.5 })).toBe(0);
  expect(holdingsIn(begins, null)).toBe(3);
});

test('only fills of the symbol are points, oldest first', () => {
  const fills = [aFill({ filled_at: '2024-01-02T00:00:00Z' }), aFill(), aFill({ symbol: 'ETH/USD' })];
  const [first, second] = fillPoints(fills, 'BTC/USD').map(({ time }) => time);
  expect(second ?? 0).toBeGreaterThan(first ?? 0);
  expect(fillPoints(fills, 'ETH/USD')).toHaveLength(1);
});

test('what was held begins and ends exactly, through flat it turns around', () => {
  const fill = (side: 'buy' | 'sell', qty: string, minute: number, base_fee = '0') =>
    aFill({ side, qty, base_fee, filled_at: `2024-01-01T00:0${minute}:00Z` });
  const found = holdings([
    fill('buy', '0.1', 0),
    fill('buy', '0.2', 1, '0.001'),
    fill('sell', '0.299', 2),
    fill('sell', '1', 3),
    fill('buy', '2', 4),
  ]);
  const start = Date.UTC(2024, 0, 1) / 1_000;
  expect(found.map(({ side, from, to }) => [side, from - start, to === null ? null : to - start])).toEqual([
    ['long', 0, 120],
    ['short', 180, 240],
    ['long', 240, null],
  ]);
});

test('bars are shaded while something is held', () => {
  const held = [
    { side: 'long' as const, from: 10, to: 20 },
    { side: 'short' as const, from: 35, to: null },
  ];
  expect(shading([0, 10, 20, 30, 40], held)).toEqual([null, 'long', null, 'short', 'short']);
  // A long bar shows a holding that began and ended inside it.
  expect(shading([0, 100], [{ side: 'long', from: 30, to: 40 }])).toEqual(['long', null]);
});

test('a working order is a line at each price it waits for', () => {
  const orders = [
    anOrder({ order_type: 'stop_limit', price: '10', stop_price: '9' }),
    anOrder({ id: 'market' }),
    anOrder({ id: 'other', symbol: 'ETH/USD', price: '1' }),
  ];
  expect(orderLines(orders, 'BTC/USD').map(({ price, title }) => [price, title])).toEqual([
    [10, 'buy 0.5 limit'],
    [9, 'buy 0.5 stop'],
  ]);
});

test('new fills join those that are known once the two meet', () => {
  const fills = ['1', '2', '3', '4'].map((execution_id) => aFill({ execution_id }));
  const ids = (joined: { execution_id: string }[] | null) => joined?.map(({ execution_id }) => execution_id);
  expect(ids(withNewer(fills.slice(0, 2), fills.slice(1).reverse()))).toEqual(['1', '2', '3', '4']);
  expect(withNewer(fills.slice(0, 2), fills.slice(2).reverse())).toBeNull();
  expect(withNewer([], fills)).toBeNull();
});

test('a trade is made of the orders filled while it lasted', () => {
  const trade = {
    symbol: 'BTC/USD',
    opened_at: '2024-01-01T00:01:00Z',
    closed_at: '2024-01-01T00:03:00Z',
    position: 40,
  };
  const fill = (order_id: string, minute: number, position: number) =>
    aFill({ order_id, position, filled_at: `2024-01-01T00:0${minute}:00Z` });
  const fills = [fill('a', 0, 10), fill('b', 1, 20), fill('b', 2, 30), fill('c', 3, 40), fill('d', 3, 50)];
  expect(ordersOfTrade(fills, trade)).toEqual(['b', 'c']);
});
