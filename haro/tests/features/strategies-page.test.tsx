import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { renderApp } from '../render-app';
import { smaCross } from '../samples';
import { answerGet, answerPost, errorBody, type Received } from '../server';

const broken = {
  ...smaCross,
  name: 'broken_one',
  class_name: '',
  version: '',
  description: '',
  source: 'directory',
  parameters: null,
  error: 'broken_one.py: line 2: needs the module does_not_exist, which is not installed',
};

test('a strategy shows what it is, what can be set, and leads to a run of it', async () => {
  answerGet('/strategies', { items: [{ ...smaCross, version: '1.0+44098386c4da', author: 'Ada' }] });
  renderApp('/strategies');
  const card = await screen.findByTestId('strategy-sma_cross');
  for (const text of ['SmaCross', '1.0', '44098386c4da', 'Ada', 'comes with Weaver', smaCross.description])
    expect(within(card).getByText(text)).toBeVisible();
  const fast = within(card).getByRole('row', { name: /^fast/ });
  expect(fast).toHaveTextContent('fast' + 'whole number' + '10' + 'from 2 to 200' + 'bars in the fast average');
  expect(within(card).getByRole('row', { name: /^quantity/ })).toHaveTextContent('exact decimal1above 0');
  expect(within(card).getByRole('link', { name: 'New run of sma_cross' })).toHaveAttribute(
    'href',
    '/new?strategy=sma_cross',
  );
});

test('what could not be loaded says why, in full', async () => {
  answerGet('/strategies', { items: [broken, smaCross] });
  renderApp('/strategies');
  expect(await screen.findByTestId('broken-strategies')).toHaveTextContent(broken.error);
  expect(screen.getByText('2 strategies · 1 could not be loaded')).toBeVisible();
});

test('the filter stands in the address', async () => {
  answerGet('/strategies', { items: [broken, smaCross] });
  const { router } = renderApp('/strategies');
  await userEvent.type(await screen.findByRole('searchbox'), 'average fast');
  expect(await screen.findByText('1 of 2 strategies')).toBeVisible();
  expect(screen.queryByTestId('broken-strategies')).toBeNull();
  expect(router.state.location.search).toEqual({ q: 'average fast' });
});

test('an empty catalogue teaches where strategies go', async () => {
  answerGet('/strategies', { items: [] });
  renderApp('/strategies');
  expect(await screen.findByText(/WEAVER_STRATEGIES_DIR/)).toBeVisible();
  expect(screen.getByText('weaver', { exact: false, selector: 'code' })).toHaveTextContent('weaver strategies list');
});

const checked = {
  strategy_id: 'sma_cross',
  version: '1.0+44098386c4da',
  outcome: 'failed',
  symbols: ['SAMPLE/USD'],
  timeframe: '1m',
  start_time: '2025-01-01T00:00:00Z',
  end_time: '2025-01-16T00:00:00Z',
  bars: 21600,
  orders: 800,
  verdicts: [
    {
      check: 'look_ahead',
      outcome: 'failed',
      message: 'it knows the future',
      figures: {},
      difference: null,
      notes: [],
    },
    { check: 'warm_up', outcome: 'unsure', message: 'it decided nothing', figures: {}, difference: null, notes: [] },
    { check: 'determinism', outcome: 'skipped', message: 'no need', figures: {}, difference: null, notes: [] },
    {
      check: 'parameters',
      outcome: 'ok',
      message: 'all work',
      figures: {},
      difference: null,
      notes: ['n has no bounds'],
    },
  ],
};

test('a check shows each verdict in words, and on what it was found', async () => {
  const received: Received[] = [];
  answerGet('/strategies', { items: [smaCross] });
  answerPost('/strategies/sma_cross/check', () => HttpResponse.json(checked), received);
  renderApp('/strategies');
  await userEvent.click(await screen.findByRole('button', { name: 'Check sma_cross' }));
  const outcome = await screen.findByRole('status', { name: 'Check of sma_cross' });
  expect(await within(outcome).findByText('it knows the future')).toBeVisible();
  const lines = within(outcome)
    .getAllByRole('term')
    .map((term) => term.parentElement?.textContent);
  expect(lines).toEqual([
    'Look-aheadfailedit knows the future',
    'Warm-upunsureit decided nothing',
    'Determinismskippedno need',
    'Parametersokall workn has no bounds',
  ]);
  expect(outcome).toHaveTextContent('800 orders on 21,600 generated bars of 1m (SAMPLE/USD)');
  expect(received).toHaveLength(1);
});

test('a check that is refused says why, and can be asked for again', async () => {
  const busy = errorBody('CONFLICT', 'another check is at work: try again when it has ended');
  answerGet('/strategies', { items: [smaCross] });
  answerPost('/strategies/sma_cross/check', () => HttpResponse.json(busy, { status: 409 }), []);
  renderApp('/strategies');
  const button = await screen.findByRole('button', { name: 'Check sma_cross' });
  await userEvent.click(button);
  expect(await screen.findByText('another check is at work: try again when it has ended')).toBeVisible();
  expect(button).toBeEnabled();
});
