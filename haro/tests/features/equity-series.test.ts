import { expect, test } from 'vitest';
import { toChartPoints } from '../../src/features/runs/equity-series';

const point = (time: string, equity: string) => ({ time, equity, cash: '0', drawdown: 0.25 });

test('points come out ascending, each second once with its last value', () => {
  const points = [
    point('2024-01-01T00:00:01Z', '2'),
    point('2024-01-01T00:00:00Z', '1'),
    point('2024-01-01T00:00:01.500Z', '3'),
  ];
  const first = Date.UTC(2024, 0, 1) / 1_000;
  expect(toChartPoints(points).map(({ time, value }) => [time, value])).toEqual([
    [first, 1],
    [first + 1, 3],
  ]);
});

test('a drawdown is drawn downwards', () => {
  expect(toChartPoints([point('2024-01-01T00:00:00Z', '1')])[0]?.drawdown).toBe(-0.25);
});

test('what cannot be drawn is left out', () => {
  expect(toChartPoints([point('never', '1'), point('2024-01-01T00:00:00Z', 'NaN')])).toEqual([]);
});
