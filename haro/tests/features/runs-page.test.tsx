import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import { renderApp } from '../render-app';
import { aRun, pageOf, smaCross } from '../samples';
import { answerGet, errorBody, server } from '../server';

beforeEach(() => {
  answerGet('/strategies', { items: [smaCross] });
});

test('an empty list teaches the next command', async () => {
  answerGet('/runs', pageOf([]));
  renderApp('/runs');
  expect(await screen.findByText('No runs yet')).toBeVisible();
  expect(screen.getByText(/weaver backtest sma_cross/)).toBeVisible();
});

test('a run is a row with its mode, status, signed result and a link', async () => {
  answerGet('/runs', pageOf([aRun({ mode: 'live', status: 'running' }), aRun({ id: 'run-2', name: '', stats: null })]));
  renderApp('/runs');
  const [first, second] = await screen.findAllByTestId('run-row');
  if (first === undefined || second === undefined) throw new Error('two rows expected');
  for (const text of ['LIVE', 'running', 'BTC/USD', '-1,234.50', '2024-03-01 10:00'])
    expect(within(first).getByText(text)).toBeVisible();
  expect(within(first).getByRole('link', { name: 'First try' })).toHaveAttribute('href', '/runs/run-1');
  expect(within(second).getByRole('link', { name: 'sma_cross run-2' })).toBeVisible();
  expect(within(second).getAllByText('—')).toHaveLength(3);
});

test('an error shows its message and correlation id, and can be tried again', async () => {
  answerGet('/runs', errorBody('SERVICE_UNAVAILABLE', 'The read model is 4,211 events behind.'), 503);
  renderApp('/runs');
  const notice = await screen.findByRole('alert');
  expect(notice).toHaveTextContent('The read model is 4,211 events behind.');
  expect(notice).toHaveTextContent('corr-42');
  answerGet('/runs', pageOf([aRun()]));
  await userEvent.click(within(notice).getByRole('button', { name: 'Try again' }));
  expect(await screen.findByTestId('run-row')).toBeVisible();
});

test('an answer that is not Weaver’s is an error, not a broken page', async () => {
  server.use(http.get('*/api/v1/runs', () => new HttpResponse('<html>proxy</html>', { status: 502 })));
  renderApp('/runs');
  expect(await screen.findByRole('alert')).toHaveTextContent('The server answered 502');
});

test('a server that wants a key gets one, and the page goes on', async () => {
  const keys: (string | null)[] = [];
  server.use(
    http.get('*/api/v1/runs', ({ request }) => {
      keys.push(request.headers.get('X-API-Key'));
      if (keys.at(-1) === 'secret') return HttpResponse.json(pageOf([aRun()]));
      return HttpResponse.json(errorBody('UNAUTHORIZED', 'A key is needed.'), { status: 401 });
    }),
  );
  renderApp('/runs');
  await userEvent.type(await screen.findByLabelText(/API key/), 'wrong');
  await userEvent.click(screen.getByRole('button', { name: 'Log in' }));
  expect(await screen.findByText('The server did not accept that key.')).toBeVisible();
  await userEvent.clear(screen.getByLabelText(/API key/));
  await userEvent.type(screen.getByLabelText(/API key/), 'secret');
  await userEvent.click(screen.getByRole('button', { name: 'Log in' }));
  expect(await screen.findByTestId('run-row')).toBeVisible();
  expect(sessionStorage.getItem('weaver.apiKey')).toBe('secret');
});

test('an event on the stream brings a new run into the list', async () => {
  let send: (text: string) => void = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (text) => {
        controller.enqueue(new TextEncoder().encode(text));
      };
    },
  });
  server.use(
    http.get(
      '*/api/v1/events/stream',
      () => new HttpResponse(body, { headers: { 'Content-Type': 'text/event-stream' } }),
    ),
  );
  answerGet('/runs', pageOf([]));
  renderApp('/runs');
  await screen.findByText('No runs yet');
  await expect.poll(() => screen.getByTestId('connection-badge')).toHaveAttribute('data-state', 'live');
  answerGet('/runs', pageOf([aRun()]));
  send(
    'id: e1-1\nevent: run.created\ndata: {"position":1,"type":"run.created","run_id":"run-1","ts":"2024-03-01T10:00:00Z"}\n\n',
  );
  expect(await screen.findByTestId('run-row')).toBeVisible();
});
