import { screen, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { dayPnl, sumKnown } from '../../src/features/overview/day-pnl';
import { renderApp } from '../render-app';
import { aRun, pageOf } from '../samples';
import { answerGet, server } from '../server';

const up = { state: 'up', reason: null, details: {} };
const names = ['database', 'migrations', 'journal', 'processors', 'supervisor', 'clock'];
const ready = { status: 'ready', execution: up, ...Object.fromEntries(names.map((name) => [name, up])) };

test('the overview shows what is at work and what is not well', async () => {
  server.use(
    http.get('*/api/v1/runs', ({ request }) => {
      const running = new URL(request.url).searchParams.get('status') === 'running';
      return HttpResponse.json(pageOf(running ? [aRun({ mode: 'paper', status: 'running' })] : []));
    }),
    http.get('*/readyz', () =>
      HttpResponse.json(
        { ...ready, status: 'not_ready', execution: { ...up, state: 'down', reason: 'no keys' } },
        { status: 503 },
      ),
    ),
  );
  answerGet('/runs/run-1/equity', { items: [{ time: '2024-01-01T00:00:00Z', equity: '100250.5', cash: '0' }] });
  answerGet('/positions', pageOf([]));
  answerGet('/system/read-models', { items: [] });
  answerGet('/accounts', { ...pageOf([]), exchanges: [] });
  answerGet('/activity', pageOf([]));
  renderApp('/');
  const runs = await screen.findByRole('list', { name: 'Runs at work' });
  expect(within(runs).getByRole('link', { name: 'First try' })).toHaveAttribute('href', '/runs/run-1');
  expect(await within(runs).findByText('100,250.50')).toBeVisible();
  expect(await screen.findByText('no keys')).toBeVisible();
  expect(await screen.findByText('Nothing is held.')).toBeVisible();
});

const now = new Date('2024-03-02T12:00:00Z');
const at = (time: string, equity: string) => ({ time, equity, cash: '0', drawdown: 0 });

test('today begins at midnight UTC, with the last equity before it', () => {
  const points = [
    at('2024-03-01T23:00:00Z', '100.1'),
    at('2024-03-01T23:59:59Z', '100.3'),
    at('2024-03-02T00:00:00Z', '99'),
    at('2024-03-02T11:00:00Z', '100.5'),
  ];
  expect(dayPnl({ initial_cash: '50' }, points, now)).toBe('0.2');
  expect(dayPnl({ initial_cash: '50' }, points.slice(2), now)).toBe('50.5');
  expect(dayPnl({ initial_cash: '50' }, [], now)).toBeNull();
});

test('what is unknown is not counted as nothing', () => {
  expect(sumKnown([null, undefined])).toBeNull();
  expect(sumKnown(['-0.10', null, '0.3'])).toBe('0.20');
});
