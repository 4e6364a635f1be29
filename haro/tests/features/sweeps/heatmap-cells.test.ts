import { expect, test } from 'vitest';
import { barsOf, heatmapOf } from '../../../src/features/sweeps/heatmap-cells';
import type { TrialPoint } from '../../../src/lib/api-types';

function point(
  number: number,
  parameters: TrialPoint['parameters'],
  value: number | null,
  feasible = true,
): TrialPoint {
  return { number, window: 0, status: 'completed', parameters, value, feasible };
}

/** The best first, as the server gives them. */
const points = [
  point(3, { fast: 10, slow: '60.5', size: 2 }, 2),
  point(1, { fast: 5, slow: '60.5', size: 1 }, 1),
  point(0, { fast: 10, slow: '60.5', size: 1 }, 0.5),
  point(2, { fast: 5, slow: '200', size: 1 }, -5),
  point(4, { fast: 10, slow: '200', size: 1 }, 9, false),
];

test('a cell is the best trial of its two values, whatever the others are', () => {
  const { across, down, rows } = heatmapOf(points, 'fast', 'slow', 'maximize');
  expect(across).toEqual([5, 10]);
  expect(down).toEqual(['60.5', '200']);
  expect(rows.map((cells) => cells.map(({ best, tried }) => [best?.number, tried]))).toEqual([
    [
      [1, 1],
      [3, 2],
    ],
    [
      [2, 1],
      [4, 1],
    ],
  ]);
});

test('colours go from the worst to the best of what counts', () => {
  const map = heatmapOf(points, 'fast', 'slow', 'maximize');
  expect([map.worst, map.top]).toEqual([-5, 2]);
  expect(map.rows.map((cells) => cells.map(({ step }) => step))).toEqual([
    [7, 7],
    [1, null],
  ]);
});

test('of what is to be small the lowest value is the best', () => {
  const map = heatmapOf([...points].reverse().slice(1), 'fast', 'slow', 'minimize');
  expect([map.worst, map.top]).toEqual([1, -5]);
  expect(map.rows[1]?.[0]?.step).toBe(7);
});

test('what was not tried, and what has no value, has no colour', () => {
  const map = heatmapOf(
    [point(0, { fast: 5, slow: 1 }, null), point(1, { fast: 6, slow: 2 }, 1)],
    'fast',
    'slow',
    'maximize',
  );
  expect(map.rows.map((cells) => cells.map(({ best, step }) => [best?.number, step]))).toEqual([
    [
      [0, null],
      [undefined, null],
    ],
    [
      [undefined, null],
      [1, 7],
    ],
  ]);
});

test('one parameter is a bar for each value, by the value', () => {
  expect(barsOf(points, 'slow').map(({ at, best, tried }) => [at, best.number, tried])).toEqual([
    ['60.5', 3, 3],
    ['200', 2, 2],
  ]);
});

test('numbers are in order of size, texts as they are read', () => {
  const sorted = (values: (string | number | boolean)[]) =>
    barsOf(
      values.map((value, number) => point(number, { any: value }, 1)),
      'any',
    ).map(({ at }) => at);
  expect(sorted([100, 20, 3])).toEqual([3, 20, 100]);
  expect(sorted(['b10', 'b9', 'a'])).toEqual(['a', 'b9', 'b10']);
  expect(sorted([true, false])).toEqual([false, true]);
});
