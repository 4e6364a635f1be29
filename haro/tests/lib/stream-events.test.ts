import { expect, test } from 'vitest';
import { readStreamEvent } from '../../src/lib/stream-events';

test('a thin journal event is read, unknown fields and all', () => {
  const data =
    '{"position":7,"type":"order.filled","run_id":"r1","order_id":"o1","status":"filled","ts":"2024-01-01T00:00:00Z","new":1}';
  expect(readStreamEvent('order.filled', data)).toMatchObject({
    kind: 'journal',
    event: { position: 7, run_id: 'r1' },
  });
});

test('progress may come as a number or as a decimal text', () => {
  expect(readStreamEvent('progress', '{"run_id":"r1","progress":"0.25"}')).toEqual({
    kind: 'progress',
    progress: { run_id: 'r1', progress: 0.25 },
  });
  expect(readStreamEvent('progress', '{"run_id":"r1","progress":7}')).toMatchObject({ kind: 'malformed' });
});

test('a reset needs no data', () => {
  expect(readStreamEvent('reset', '')).toEqual({ kind: 'reset' });
});

test('what is not understood is said, not thrown', () => {
  expect(readStreamEvent('run.created', 'oops')).toEqual({ kind: 'malformed', reason: 'run.created: not JSON' });
  expect(readStreamEvent('run.created', '{"position":"x"}')).toMatchObject({ kind: 'malformed' });
});
