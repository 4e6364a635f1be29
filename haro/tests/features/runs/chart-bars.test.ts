import { expect, test } from 'vitest';
import {
  barsOfTape,
  countUntil,
  placeAtTime,
  placeOf,
  timeAtPlace,
  timeframeSeconds,
  type Bar,
} from '../../../src/features/runs/chart/bars';
import { alignedTo, layOver, serves, windowFor } from '../../../src/features/runs/chart/detail-window';
import { anEvent } from '../../samples';

const bar = (time: number): Bar => ({ time, open: 1, high: 1, low: 1, close: 1, volume: 1 });
const times = [10, 20, 30, 60];

test('a moment has a place among bars, and a place a moment, beyond the ends too', () => {
  expect([9, 10, 29, 60, 99].map((moment) => placeOf(times, moment))).toEqual([0, 0, 1, 3, 3]);
  expect(countUntil(times, 30)).toBe(3);
  expect([-1, 0.5, 2.5, 4].map((place) => timeAtPlace(times, place))).toEqual([0, 15, 45, 90]);
  for (const moment of [0, 15, 45, 90]) expect(timeAtPlace(times, placeAtTime(times, moment))).toBe(moment);
});

test('timeframes are seconds', () => {
  expect(['1s', '15m', '4h', '1d'].map(timeframeSeconds)).toEqual([1, 900, 14_400, 86_400]);
});

test('a tape gives each bar of a symbol once, in order, the newest word on it last', () => {
  const told = (symbol: string, opened_at: string, close: number) => ({
    symbol,
    opened_at,
    open: 1,
    high: 2,
    low: 1,
    close,
  });
  const events = [
    anEvent({ payload: { bars: [told('A', '2024-01-01T00:00:02Z', 5), told('B', '2024-01-01T00:00:02Z', 9)] } }),
    anEvent({ payload: { bars: [told('A', '2024-01-01T00:00:01Z', 4)] } }),
    anEvent({ payload: { bars: [told('A', '2024-01-01T00:00:02Z', 6)] } }),
    anEvent({ payload: {} }),
  ];
  expect(barsOfTape(events, 'A').map(({ close, volume }) => [close, volume])).toEqual([
    [4, 0],
    [6, 0],
  ]);
});

const extent = { from: 0, to: 366_710 * 60 };

test('the window around what is visible stays the same while one pans a little, and ends with the data', () => {
  const visible = { from: 1_000_000, to: 1_050_000 };
  const window = windowFor(visible, extent);
  expect(window.from).toBeLessThan(visible.from);
  expect(window.to).toBeGreaterThan(visible.to);
  expect((window.to - window.from) / 50_000).toBeLessThanOrEqual(6);
  expect(windowFor({ from: 1_000_500, to: 1_050_500 }, extent)).toEqual(window);
  expect(windowFor({ from: -500, to: 90_000 }, extent).from).toBe(0);
  expect(windowFor({ from: extent.to - 10, to: extent.to + 900 }, extent).to).toBe(extent.to);
});

test('a window serves until one leaves it or wants more detail than it has', () => {
  const window = { from: 0, to: 1_000 };
  expect(serves(window, { from: 100, to: 400 }, extent, false)).toBe(true);
  expect(serves(window, { from: 800, to: 1_100 }, extent, false)).toBe(false);
  expect(serves(window, { from: 100, to: 150 }, extent, false)).toBe(false);
  expect(serves(window, { from: 100, to: 150 }, extent, true)).toBe(true);
  // Beyond the ends of the data there is nothing that could be loaded.
  expect(serves(window, { from: -900, to: 400 }, extent, false)).toBe(true);
});

test('detailed bars replace the coarse ones they are made of, and no others', () => {
  const coarse = [0, 100, 200, 300].map(bar);
  const window = alignedTo(coarse, { from: 150, to: 250 });
  expect(window).toEqual({ from: 100, to: 300 });
  const detail = [100, 110, 290, 300].map(bar);
  expect(layOver(coarse, detail, window).map(({ time }) => time)).toEqual([0, 100, 110, 290, 300]);
  expect(layOver(coarse, [], window)).toEqual(coarse);
});

test('laid over or not, the bars ascend: the chart refuses others', () => {
  const coarse = Array.from({ length: 50 }, (_, at) => bar(at * 60));
  for (let from = 0; from < 2_900; from += 37) {
    const window = alignedTo(coarse, { from, to: from + 333 });
    const detail = Array.from({ length: 600 }, (_, at) => bar(at * 5)).filter(
      ({ time }) => time >= window.from && time < window.to,
    );
    const all = layOver(coarse, detail, window).map(({ time }) => time);
    expect(all.every((time, at) => at === 0 || time > (all[at - 1] ?? 0))).toBe(true);
  }
});
