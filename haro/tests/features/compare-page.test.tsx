import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import type { Run } from '../../src/lib/api-types';
import { renderApp } from '../render-app';
import { aRun, pageOf } from '../samples';
import { answerGet, errorBody } from '../server';

function answerRun(id: string, changes: Partial<Run>, figures: Record<string, { value: string | number | null }>) {
  const run = aRun({ id, name: id, ...changes });
  answerGet(`/runs/${id}`, run);
  answerGet(`/runs/${id}/stats`, figures);
  answerGet(`/runs/${id}/equity`, { total: 0, items: [] });
  return run;
}

test('figures stand side by side with their difference, settings only where they differ', async () => {
  answerRun('one', { config: { fast: 10 } }, { total_pnl: { value: '100' } });
  answerRun('two', { config: { fast: 12 } }, { total_pnl: { value: '150.5' } });
  renderApp('/compare?runs=one,two');
  const pnl = await screen.findByRole('row', { name: /^Total PnL/ });
  expect(pnl).toHaveTextContent('Total PnL100.00★150.50+50.50');
  const settings = screen.getByRole('table', { name: 'Settings that differ' });
  expect(within(settings).getAllByRole('row')).toHaveLength(2);
  expect(within(settings).getByRole('row', { name: /^parameter fast/ })).toHaveTextContent('parameter fast1012');
});

test('a run that is not there is said and left out; one that is not over says so', async () => {
  answerRun('one', {}, { total_pnl: { value: '100' } });
  answerRun('two', { status: 'running' }, {});
  answerGet('/runs/gone', errorBody('NOT_FOUND', 'No such run.'), 404);
  const { router } = renderApp('/compare?runs=one,gone,two');
  const notice = await screen.findByRole('alert');
  expect(notice).toHaveTextContent('There is no such run');
  expect(within(screen.getByTestId('compared-runs')).getByText(/still runs/)).toBeVisible();
  expect(await screen.findByRole('row', { name: /^Total PnL/ })).toHaveTextContent('Total PnL100.00—');
  await userEvent.click(within(notice).getByRole('button', { name: 'Leave it out' }));
  await expect.poll(() => router.state.location.search).toEqual({ runs: 'one,two' });
});

test('runs are found by words, added and removed', async () => {
  const one = answerRun('one', {}, {});
  const two = answerRun('two', { strategy_id: 'breakout' }, {});
  answerGet('/runs', pageOf([one, two, aRun({ id: 'three', name: 'three' })]));
  const { router } = renderApp('/compare?runs=one');
  expect(await screen.findByText('Compared with what?')).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Add a run' }));
  expect(await screen.findByText('2 found, all 3 runs searched')).toBeVisible();
  await userEvent.type(screen.getByRole('searchbox'), 'breakout');
  await userEvent.click(await screen.findByRole('button', { name: /^two/ }));
  await expect.poll(() => router.state.location.search).toEqual({ runs: 'one,two' });
  await userEvent.click(await screen.findByRole('button', { name: 'Leave one out' }));
  await expect.poll(() => router.state.location.search).toEqual({ runs: 'two' });
});

test('a run of long ago is found too: the search goes back until there is enough', async () => {
  answerRun('one', {}, {});
  const newest = Array.from({ length: 500 }, (_, at) => aRun({ id: `new-${at}`, name: `new ${at}` }));
  answerGet('/runs', pageOf([aRun({ id: 'old', name: 'the ancient one' })], { total: 501 }));
  answerGet('/runs', pageOf(newest, { total: 501, next_cursor: 'c2' }), 200, { once: true });
  const { router } = renderApp('/compare?runs=one');
  await userEvent.click(await screen.findByRole('button', { name: 'Add a run' }));
  expect(await screen.findByText('The newest 8 of 500 found, 500 of 501 runs searched')).toBeVisible();
  await userEvent.type(screen.getByRole('searchbox'), 'ancient');
  await userEvent.click(await screen.findByRole('button', { name: /^the ancient one/ }));
  await expect.poll(() => router.state.location.search).toEqual({ runs: 'one,old' });
});

test('more than eight runs are not silently dropped', async () => {
  const ids = Array.from({ length: 9 }, (_, at) => `run-${at}`);
  for (const id of ids) answerRun(id, {}, {});
  renderApp(`/compare?runs=${ids.join(',')}`);
  expect(await screen.findByText('The first 8 of 9 runs are shown')).toBeVisible();
  expect(await within(await screen.findByTestId('compared-runs')).findAllByRole('listitem')).toHaveLength(8);
  expect(screen.getByRole('button', { name: 'Add a run' })).toBeDisabled();
});

test('without runs the page teaches how to choose some', async () => {
  renderApp('/compare');
  expect(await screen.findByText('Nothing to compare yet')).toBeVisible();
});
