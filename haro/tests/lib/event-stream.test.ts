// @vitest-environment node
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { EventStream, type EventStreamOptions } from '../../src/lib/event-stream';

type Answer = (response: ServerResponse, headers: IncomingHttpHeaders) => void;

let listening: Server | undefined;
let stream: EventStream | undefined;

afterEach(() => {
  stream?.stop();
  listening?.closeAllConnections();
  listening?.close();
});

/** A real server whose n-th connection gets the n-th answer; the last one repeats. */
async function serve(...answers: Answer[]): Promise<{ url: string; seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = [];
  listening = createServer((request, response) => {
    seen.push(request.headers);
    answers[Math.min(seen.length, answers.length) - 1]?.(response, request.headers);
  });
  await new Promise<void>((resolve) => listening?.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/stream`, seen };
}

const open =
  (text: string, { end = false } = {}): Answer =>
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(text);
    if (end) response.end();
  };

const refuse =
  (status: number): Answer =>
  (response) => {
    response.writeHead(status).end();
  };

function follow(url: string, options: Partial<EventStreamOptions> = {}) {
  const events: string[] = [];
  const onGap = vi.fn();
  const onUnauthorized = vi.fn();
  const onEvent = ({ type, data }: { type: string; data: string }) => events.push(`${type} ${data}`);
  stream = new EventStream({ url, apiKey: () => null, onEvent, onGap, onUnauthorized, random: () => 0, ...options });
  stream.start();
  return { stream, events, onGap, onUnauthorized };
}

test('events arrive and the connection is live', async () => {
  const { url, seen } = await serve(open('id: e1-5\nevent: run.created\ndata: a\n\n'));
  const { stream, events, onGap } = follow(url);
  await expect.poll(() => events).toEqual(['run.created a']);
  expect(stream.state()).toBe('live');
  expect(onGap).toHaveBeenCalledOnce();
  expect(seen[0]).not.toHaveProperty('last-event-id');
});

test('a lost connection is resumed from the last id, without a gap being reported', async () => {
  const { url, seen } = await serve(
    open('retry: 1\n\nid: e1-5\ndata: a\n\nevent: progress\ndata: b\n\n', { end: true }),
    open(': beat\n\nid: e1-6\ndata: c\n\n'),
  );
  const { stream, events, onGap } = follow(url);
  await expect.poll(() => events).toEqual(['message a', 'progress b', 'message c']);
  expect(seen[1]).toHaveProperty('last-event-id', 'e1-5');
  expect(onGap).toHaveBeenCalledOnce();
  await expect.poll(() => stream.state()).toBe('live');
});

test('a resumed connection is catching up until the backlog has passed', async () => {
  const backlog = (response: ServerResponse): void => {
    open('id: e1-6\ndata: b\n\n')(response, {});
  };
  const { url } = await serve(open('retry: 1\n\nid: e1-5\ndata: a\n\n', { end: true }), backlog);
  const { stream, events } = follow(url);
  await expect.poll(() => events).toHaveLength(2);
  expect(stream.state()).toBe('catching-up');
  await expect.poll(() => stream.state(), { timeout: 3_000 }).toBe('live');
});

test('after a reset the next connection does not resume from the old place', async () => {
  const { url, seen } = await serve(
    open('retry: 1\n\nid: e1-5\ndata: a\n\nevent: reset\ndata: {}\n\n', { end: true }),
    open(': beat\n\n'),
  );
  const { events, onGap } = follow(url);
  await expect.poll(() => seen).toHaveLength(2);
  expect(events).toEqual(['message a', 'reset {}']);
  expect(seen[1]).not.toHaveProperty('last-event-id');
  await expect.poll(() => onGap).toHaveBeenCalledTimes(2);
});

test('a server that is away makes the page offline, and live again when it is back', async () => {
  const { url, seen } = await serve(
    open('retry: 5\n\nid: e1-5\ndata: a\n\n', { end: true }),
    refuse(503),
    refuse(503),
    open(': beat\n\n'),
  );
  const states: string[] = [];
  const { stream } = follow(url);
  stream.subscribe(() => states.push(stream.state()));
  await expect.poll(() => states).toEqual(['live', 'catching-up', 'offline', 'catching-up', 'live']);
  expect(seen).toHaveLength(4);
  expect(seen[3]).toHaveProperty('last-event-id', 'e1-5');
});

test('a refused key is reported and not tried again until somebody says so', async () => {
  const { url, seen } = await serve(refuse(401), open(': beat\n\n'));
  let key = 'wrong';
  const { stream, onUnauthorized } = follow(url, { apiKey: () => key });
  await expect.poll(() => stream.state()).toBe('offline');
  expect(onUnauthorized).toHaveBeenCalledWith('wrong');
  expect(seen).toHaveLength(1);
  key = 'right';
  stream.retryNow();
  await expect.poll(() => stream.state()).toBe('live');
  expect(seen.map((headers) => headers['x-api-key'])).toEqual(['wrong', 'right']);
});

test('a stopped stream stays stopped', async () => {
  let closed = false;
  const { url, seen } = await serve((response) => {
    response.on('close', () => {
      closed = true;
    });
    open('retry: 1\n\n: beat\n\n')(response, {});
  });
  const { stream } = follow(url);
  await expect.poll(() => stream.state()).toBe('live');
  stream.stop();
  await expect.poll(() => closed).toBe(true);
  expect(seen).toHaveLength(1);
});
