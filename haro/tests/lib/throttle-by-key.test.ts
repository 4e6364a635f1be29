import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ThrottleByKey } from '../../src/lib/throttle-by-key';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the first request runs at once and of a burst only the latest follows', async () => {
  const ran: number[] = [];
  const throttle = new ThrottleByKey<number>((value) => ran.push(value), { intervalMs: 500 });
  for (let value = 1; value <= 100; value += 1) throttle.request('a', value);
  expect(ran).toEqual([1]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(ran).toEqual([1, 100]);
});

test('keys do not wait for each other', () => {
  const ran: string[] = [];
  const throttle = new ThrottleByKey<string>((value) => ran.push(value), { intervalMs: 500 });
  throttle.request('a', 'a');
  throttle.request('b', 'b');
  expect(ran).toEqual(['a', 'b']);
});

test('a slow action is never started twice', async () => {
  let running = 0;
  let most = 0;
  const slow = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    running -= 1;
  };
  const throttle = new ThrottleByKey<null>(slow, { intervalMs: 500 });
  for (let tick = 0; tick < 100; tick += 1) {
    throttle.request('a', null);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(most).toBe(1);
});

test('an action that fails does not block its key', async () => {
  const action = vi.fn(() => Promise.reject(new Error('no')));
  const throttle = new ThrottleByKey<null>(action, { intervalMs: 500 });
  throttle.request('a', null);
  await vi.advanceTimersByTimeAsync(1_000);
  throttle.request('a', null);
  expect(action).toHaveBeenCalledTimes(2);
});

test('it runs once more after things have settled, and then no more', async () => {
  const ran: number[] = [];
  const throttle = new ThrottleByKey<number>((value) => ran.push(value), { intervalMs: 500, settleMs: 2_000 });
  throttle.request('a', 1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ran).toEqual([1, 1]);
});
