import { expect, test } from 'vitest';
import { SseParser, type SseFrame } from '../../src/lib/sse-parser';

const stream =
  'retry: 1500\n\n: beat\n\nid: e1-7\nevent: order.filled\ndata: {"a":1}\n\nevent: progress\rdata: first\r\ndata:second\r\n\r\ndata: plain\n\n';

const frames: SseFrame[] = [
  { kind: 'retry', milliseconds: 1500 },
  { kind: 'comment', text: 'beat' },
  { kind: 'event', type: 'order.filled', data: '{"a":1}', id: 'e1-7' },
  { kind: 'event', type: 'progress', data: 'first\nsecond', id: null },
  { kind: 'event', type: 'message', data: 'plain', id: null },
];

function parse(...pieces: string[]): SseFrame[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

const letters = (text: string): string[] => Array.from(text);

test('a stream in one piece gives its frames in order', () => {
  expect(parse(stream)).toEqual(frames);
});

test('a stream cut at any place gives the same frames', () => {
  for (let at = 0; at <= stream.length; at += 1)
    expect(parse(stream.slice(0, at), stream.slice(at)), `cut at ${at}`).toEqual(frames);
});

test('a stream that arrives letter by letter gives the same frames', () => {
  expect(parse(...letters(stream))).toEqual(frames);
});

test.each([
  ['line feeds', '\n'],
  ['carriage returns', '\r'],
  ['both', '\r\n'],
])('lines may end with %s', (_, end) => {
  const text = ['event: a', 'data: 1', '', 'data: 2', '', ''].join(end);
  const expected = [
    { kind: 'event', type: 'a', data: '1', id: null },
    { kind: 'event', type: 'message', data: '2', id: null },
  ];
  expect(parse(text)).toEqual(expected);
  expect(parse(...letters(text))).toEqual(expected);
});

test('an unfinished event is kept back', () => {
  expect(parse('event: a\ndata: 1\n')).toEqual([]);
});

test('an event without an id has none, even after one that had', () => {
  const [first, second] = parse('id: e1-1\ndata: a\n\ndata: b\n\n');
  expect(first).toMatchObject({ id: 'e1-1' });
  expect(second).toMatchObject({ id: null });
});

test('an event with a name but no data is delivered', () => {
  expect(parse('event: reset\n\n')).toEqual([{ kind: 'event', type: 'reset', data: '', id: null }]);
});

test('one space after the colon is not part of the value, further ones are', () => {
  expect(parse('data:  two\n\n')).toMatchObject([{ data: ' two' }]);
});

test('fields that mean nothing are ignored', () => {
  expect(parse('colour: red\nretry: soon\nid: a\0b\ndata\n\n')).toEqual([
    { kind: 'event', type: 'message', data: '', id: null },
  ]);
});

test('a byte order mark at the very start is ignored', () => {
  expect(parse('\uFEFFdata: a\n\n')).toMatchObject([{ data: 'a' }]);
});
