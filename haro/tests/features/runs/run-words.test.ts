import { expect, test } from 'vitest';
import { placeOfMoment } from '../../../src/features/runs/event-places';
import { eventText, mentions } from '../../../src/features/runs/event-text';
import { strength, yearRows } from '../../../src/features/runs/period-grid';
import { confirmationFor, possibleCommands } from '../../../src/features/runs/run-actions';
import { pagesOf, rowsOn } from '../../../src/features/runs/sparse-list';
import { statisticRows } from '../../../src/features/runs/statistic-rows';
import { subtractDecimals } from '../../../src/lib/decimal';
import { formatDuration, secondsBetween } from '../../../src/lib/duration-format';
import { aRun, anEvent } from '../../samples';

test('what may be asked of a run depends on where it stands', () => {
  const commands = (changes: Parameters<typeof aRun>[0]) => possibleCommands(aRun(changes));
  expect(commands({ status: 'completed' })).toEqual([]);
  expect(commands({ status: 'running' })).toEqual(['stop']);
  expect(commands({ mode: 'paper', status: 'running' })).toEqual(['pause', 'flatten', 'stop']);
  expect(commands({ mode: 'live', status: 'paused' })).toEqual(['resume', 'flatten', 'stop']);
  expect(commands({ mode: 'paper', status: 'pending' })).toEqual(['start', 'stop']);
});

test('stopping and flattening are asked about; with real money everything is', () => {
  expect(confirmationFor('stop', { mode: 'backtest' })).toBeNull();
  expect(confirmationFor('pause', { mode: 'paper' })).toBeNull();
  for (const command of ['stop', 'flatten'] as const)
    expect(confirmationFor(command, { mode: 'paper' })).not.toBeNull();
  for (const command of ['start', 'pause', 'resume', 'stop', 'flatten'] as const)
    expect(confirmationFor(command, { mode: 'live' })).not.toBeNull();
});

test('events are told in one line', () => {
  const text = (type: string, payload: Record<string, unknown>) => eventText(anEvent({ type, payload }));
  expect(
    text('order.created', { side: 'buy', qty: '0.50', symbol: 'BTC/USD', order_type: 'stop_limit', price: '10' }),
  ).toBe('buy 0.5 BTC/USD stop limit limit 10.00');
  expect(text('order.filled', { side: 'sell', qty: '1', symbol: 'A', price: '2.5', fee: '0.1' })).toBe(
    'sell 1 A at 2.50 fee 0.10',
  );
  expect(text('order.rejected', { reason: 'insufficient cash' })).toBe('insufficient cash');
  expect(text('tape.ticked', { bars: [{ symbol: 'A', close: 2 }], missed: 3 })).toBe('A 2.00 after 3 missed');
  expect(text('order.created.v2', { side: 'buy', qty: '1', symbol: 'A' })).toBe('buy 1 A market');
  expect(text('new.topic', { at: 'x', answer: 42 })).toBe('answer 42');
});

test('an event is found by its type, its line and its payload', () => {
  const event = anEvent({ type: 'order.rejected', payload: { reason: 'Insufficient cash', figures: { free: '100' } } });
  expect(['REJECTED', 'insufficient', 'free'].map((words) => mentions(event, words))).toEqual([true, true, true]);
  expect(mentions(event, 'margin')).toBe(false);
});

test('a position is found among very many events with few questions', async () => {
  let asked = 0;
  const eventAt = (place: number) => {
    asked += 1;
    return Promise.resolve(anEvent({ position: place * 3 + 5, ts: new Date(place * 1_000).toISOString() }));
  };
  expect(await placeOfMoment(3 * 70_000 + 6, 100_000, eventAt)).toBe(70_000);
  expect(asked).toBeLessThanOrEqual(18);
  expect(await placeOfMoment(0, 100_000, eventAt)).toBe(0);
  expect(await placeOfMoment(9_999_999, 100_000, eventAt)).toBe(99_999);
  expect(await placeOfMoment('1970-01-01T00:01:40.500Z', 100_000, eventAt)).toBe(100);
});

test('only the pages in view are asked for', () => {
  expect(pagesOf({ from: 95, to: 130 }, 1_000)).toEqual([1, 2]);
  expect(pagesOf({ from: 990, to: 1_020 }, 1_000)).toEqual([10]);
  expect(pagesOf({ from: 0, to: 10 }, 0)).toEqual([]);
  expect([1, 2, 3].map((page) => rowsOn(page, 150))).toEqual([100, 50, 0]);
});

test('months become years, and a year chains its months', () => {
  const month = (start: string, made: number | null) => ({
    start,
    end: start,
    first: '1',
    last: '1',
    pnl: '0',
    return: made,
  });
  const rows = yearRows([
    month('2023-12-01T00:00:00Z', 0.1),
    month('2025-01-01T00:00:00Z', 0.5),
    month('2025-02-01T00:00:00Z', -0.5),
  ]);
  expect(rows.map(({ year }) => year)).toEqual([2023, 2024, 2025]);
  expect(rows[0]?.months[11]?.return).toBe(0.1);
  expect(rows.map(({ whole }) => whole?.toFixed(2))).toEqual(['0.10', undefined, '-0.25']);
  expect([strength(0.2, 0.2), strength(-0.1, 0.2), strength(0.0001, 0.0001)]).toEqual([45, 23, 0]);
});

test('statistics are grouped, with their basis or the reason of there being none', () => {
  const groups = statisticRows({
    total_return: { value: 0.0175, basis: 'total PnL over initial cash' },
    beta: { value: null, reason: 'flat market' },
    drawdown_2: { value: 0.1, basis: 'b' },
    drawdown_1_duration: { value: 1.5, basis: 'days of 24 hours' },
    new_figure: { value: 3, basis: 'c' },
  });
  const seen = groups.map(([title, rows]) => [title, ...rows.map(({ text, explanation }) => `${text} ${explanation}`)]);
  expect(seen).toEqual([
    ['Return', '1.75% total PnL over initial cash'],
    ['Risk', '— flat market'],
    ['Deepest drawdowns', '1 d 12 h days of 24 hours', '10.00% b'],
    ['Other', '3 c'],
  ]);
});

test('spans are told by their two largest units', () => {
  expect([0.4, 59, 61, 3_600, 93_784, -5].map(formatDuration)).toEqual([
    '0 s',
    '59 s',
    '1 min 1 s',
    '1 h',
    '1 d 2 h',
    '0 s',
  ]);
  expect(formatDuration(null)).toBe('—');
  expect(secondsBetween('2024-01-01T00:00:00Z', '2024-01-01T00:01:00Z')).toBe(60);
  expect(secondsBetween(null, 5)).toBeNull();
});

test('decimals are subtracted exactly', () => {
  expect(subtractDecimals('0.3', '0.10')).toBe('0.20');
  expect(subtractDecimals('99998.19', '100000')).toBe('-1.81');
  expect(subtractDecimals('1', 'x')).toBeNull();
});
