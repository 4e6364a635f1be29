import { expect, test } from 'vitest';
import { candlePoints, closePlaces } from '../../src/features/market/candle-points';
import { aCandle } from '../samples';

test('candles are drawn in the order of time, each moment once', () => {
  const points = candlePoints([
    aCandle({ timestamp: '2024-01-01T02:00:00Z', close: '3' }),
    aCandle({ timestamp: '2024-01-01T01:00:00Z', close: '2' }),
    aCandle({ timestamp: '2024-01-01T01:00:00.5Z', close: '2.5' }),
    aCandle({ close: 'nothing' }),
  ]);
  expect(points.map(({ time, close }) => [time - 1_704_067_200, close])).toEqual([
    [3_600, 2.5],
    [7_200, 3],
  ]);
});

test('the axis has the places the closes need, from two to eight', () => {
  expect(closePlaces([aCandle({ close: '42000' })])).toBe(2);
  expect(closePlaces([aCandle({ close: '0.12340000' }), aCandle({ close: '1.5' })])).toBe(4);
  expect(closePlaces([aCandle({ close: '0.123456789' })])).toBe(8);
});
