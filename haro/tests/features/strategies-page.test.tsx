import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { renderApp } from '../render-app';
import { smaCross } from '../samples';
import { answerGet } from '../server';

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
