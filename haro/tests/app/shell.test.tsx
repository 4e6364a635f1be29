import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import { renderApp } from '../render-app';
import { aRun, pageOf, smaCross } from '../samples';
import { answerGet, answerPost, type Received } from '../server';

beforeEach(() => {
  localStorage.clear();
  answerGet('/strategies', { items: [smaCross] });
  answerGet('/runs', pageOf([aRun()]));
});

const halted = { halted: true, reason: 'fat finger', halted_at: '2024-03-01T10:00:00Z' };

test('trading is halted after a question, with its reason, and the page says so', async () => {
  const received: Received[] = [];
  answerPost('/halt', () => HttpResponse.json({ ...halted, position: 8 }, { status: 202 }), received);
  renderApp('/strategies');
  await userEvent.click(await screen.findByTestId('halt-button'));
  await userEvent.type(await screen.findByLabelText('Reason'), 'fat finger');
  expect(received).toHaveLength(0);
  await userEvent.click(screen.getByRole('button', { name: 'Halt all trading' }));
  expect(await screen.findByTestId('halt-banner')).toHaveTextContent(
    'Since 2024-03-01 10:00:00 UTC. Reason: fat finger',
  );
  expect(received[0]?.body).toEqual({ reason: 'fat finger' });
  expect(screen.queryByTestId('halt-button')).not.toBeInTheDocument();
});

test('a halt that was not recorded yet is told apart', async () => {
  answerPost('/halt', () => HttpResponse.json({ ...halted, position: null }, { status: 202 }), []);
  renderApp('/strategies');
  await userEvent.click(await screen.findByTestId('halt-button'));
  await userEvent.click(await screen.findByRole('button', { name: 'Halt all trading' }));
  expect(await screen.findByText(/could not be recorded yet/)).toBeInTheDocument();
});

test('the palette goes to a run by its name', async () => {
  const { router } = renderApp('/strategies');
  await screen.findByTestId('halt-button');
  await userEvent.keyboard('{Control>}k{/Control}');
  await userEvent.type(await screen.findByLabelText('Search'), 'first');
  await userEvent.click(await screen.findByText('backtest · completed · sma_cross · BTC/USD 1h'));
  await expect.poll(() => router.state.location.pathname).toBe('/runs/run-1');
});

test('times are shown in the chosen zone, and the headings say which', async () => {
  renderApp('/runs');
  expect(await screen.findByRole('columnheader', { name: 'Created (UTC)' })).toBeVisible();
  await userEvent.click(screen.getByRole('radio', { name: 'Local' }));
  expect(await screen.findByRole('columnheader', { name: 'Created (local)' })).toBeVisible();
});
