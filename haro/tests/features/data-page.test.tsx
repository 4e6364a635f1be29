import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { gapsBetween } from '../../src/features/market/gaps';
import { renderApp } from '../render-app';
import { aCandle, hourlyBitcoin } from '../samples';
import { answerGet, errorBody } from '../server';

const spy = { ...hourlyBitcoin, symbol: 'SPY', timeframe: '1d', bars: 23, source: 'alpaca' };

test('a series is a row with its bars, source and how much of its time is covered', async () => {
  answerGet('/symbols', { items: [hourlyBitcoin, spy] });
  renderApp('/data');
  const [bitcoin, shares] = await screen.findAllByTestId('series-row');
  if (bitcoin === undefined || shares === undefined) throw new Error('two rows expected');
  for (const text of ['BTC/USD', '1h', '744', 'csv', '100%', '2024-01-01 00:00'])
    expect(within(bitcoin).getByText(text)).toBeVisible();
  expect(within(shares).getByText('—')).toHaveAttribute('title', expect.stringContaining('market of SPY closes'));
  expect(screen.getByText('2 series · 767 bars')).toBeVisible();
});

test('the filter stands in the address', async () => {
  answerGet('/symbols', { items: [hourlyBitcoin, spy] });
  const { router } = renderApp('/data?q=spy');
  expect(await screen.findAllByTestId('series-row')).toHaveLength(1);
  const filter = screen.getByRole('searchbox');
  expect(filter).toHaveValue('spy');
  await userEvent.type(filter, ' 5m');
  expect(await screen.findByText('Nothing matches “spy 5m”')).toBeVisible();
  expect(router.state.location.search).toEqual({ q: 'spy 5m' });
});

test('a row opens its candles, says what went wrong with them, and closes', async () => {
  answerGet('/symbols', { items: [hourlyBitcoin] });
  answerGet('/candles', errorBody('SERVICE_UNAVAILABLE', 'The database is away.'), 503);
  const { router } = renderApp('/data');
  await userEvent.click(await screen.findByTestId('series-row'));
  expect(router.state.location.search).toEqual({ symbol: 'BTC/USD', timeframe: '1h' });
  const preview = await screen.findByTestId('candle-preview');
  expect(await within(preview).findByRole('alert')).toHaveTextContent('The database is away.');
  answerGet('/candles', { items: [] });
  await userEvent.click(within(preview).getByRole('button', { name: 'Try again' }));
  expect(await within(preview).findByText('No bars are stored.')).toBeVisible();
  await userEvent.click(within(preview).getByRole('button', { name: 'Close the preview' }));
  await expect.poll(() => screen.queryByTestId('candle-preview')).toBeNull();
});

test('of thousands of series only those in view are in the document', async () => {
  const many = Array.from({ length: 5_000 }, (_, at) => ({ ...hourlyBitcoin, symbol: `S${at}` }));
  answerGet('/symbols', { items: many });
  renderApp('/data');
  expect((await screen.findAllByTestId('series-row')).length).toBeLessThan(100);
  expect(screen.getByRole('table', { name: 'Stored bars' })).toHaveAttribute('aria-rowcount', '5001');
});

test('where bars are missing is told as far as it is known, with the command that gets more', async () => {
  answerGet('/symbols', { items: [{ ...hourlyBitcoin, bars: 740, source: 'alpaca' }] });
  const hours = ['00', '01', '05', '06'].map((hour) => aCandle({ timestamp: `2024-01-01T${hour}:00:00Z` }));
  answerGet('/candles', { timeframe: '1h', seconds: 3_600, items: hours });
  renderApp('/data?symbol=BTC/USD&timeframe=1h');
  expect(await screen.findByText('4 bars are missing between the first and the last.')).toBeVisible();
  const gaps = await screen.findByRole('list', { name: 'Gaps' });
  expect(gaps).toHaveTextContent('2024-01-01 02:00 to 2024-01-01 05:00 3 h');
  expect(screen.getByText('weaver data download BTC/USD --timeframe 1h --start 2024-01-31')).toBeVisible();
});

test('gaps lie between bars that are further apart than one bar', () => {
  const opens = ['00:00', '00:01', '00:04'].map((time) => `2024-01-01T${time}:00Z`);
  expect(gapsBetween(opens, 60).map(({ from, to }) => (to - from) / 60_000)).toEqual([2]);
  expect(gapsBetween(opens, 180)).toEqual([]);
  expect(gapsBetween([], 60)).toEqual([]);
});

test('all pages of the list are read', async () => {
  answerGet('/symbols', { items: [spy], next_cursor: null });
  answerGet('/symbols', { items: [hourlyBitcoin], next_cursor: 'c2' }, 200, { once: true });
  renderApp('/data');
  expect(await screen.findAllByTestId('series-row')).toHaveLength(2);
});

test('an empty store teaches how to get bars', async () => {
  answerGet('/symbols', { items: [] });
  renderApp('/data');
  expect(await screen.findByText(/weaver data import/)).toBeVisible();
  expect(screen.getByText(/weaver data download/)).toBeVisible();
});
