/** Stands in for Weaver's REST interface in tests. A test announces the answers it needs. */
import { http, HttpResponse, type JsonBodyType } from 'msw';
import { setupServer } from 'msw/node';

export const origin = 'http://127.0.0.1:8000/';
const api = `${origin}api/v1`;

/** An event stream that opens and stays silent. */
const quietStream = http.get(
  `${api}/events/stream`,
  () => new HttpResponse(new ReadableStream(), { headers: { 'Content-Type': 'text/event-stream' } }),
);

/** Every page asks whether trading is halted. */
const notHalted = http.get(`${api}/risk`, () => HttpResponse.json({ halted: false, reason: null, halted_at: null }));

export const server = setupServer(quietStream, notHalted);

export function answerGet(path: string, body: JsonBodyType, status = 200): void {
  server.use(http.get(api + path, () => HttpResponse.json(body, { status })));
}

export interface Received {
  path: string;
  body: unknown;
  idempotencyKey: string | null;
}

/** Answers a command and notes what was sent, in order. */
export function answerPost(path: string, answer: () => Response, received: Received[]): void {
  server.use(
    http.post(api + path, async ({ request }) => {
      const text = await request.text();
      const body: unknown = text === '' ? null : JSON.parse(text);
      received.push({
        path: new URL(request.url).pathname,
        body,
        idempotencyKey: request.headers.get('Idempotency-Key'),
      });
      return answer();
    }),
  );
}

export const errorBody = (code: string, message: string) => ({
  code,
  message,
  details: {},
  correlation_id: 'corr-42',
  timestamp: '2024-03-01T00:00:00Z',
});
