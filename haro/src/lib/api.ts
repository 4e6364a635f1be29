/** Requests to Weaver's REST interface, typed by its own OpenAPI document; the key and errors are handled here, once. */
import createClient from 'openapi-fetch';
import { readApiKey, reportUnauthorized } from './api-key';
import { errorFromAnswer, errorFromSilence } from './api-error';
import type { paths } from './api-schema';

export const streamAddress = '/api/v1/events/stream';
const commandTimeoutMs = 30_000;
const json = 'application/json';

/** `api.GET('/api/v1/runs', …)`: hand what it returns to `answerOf`. What is no JSON is asked for by an Accept header. */
export const api = createClient<paths>({ baseUrl: globalThis.location.origin, fetch: send });

interface Asked<Answer> {
  data?: Answer;
  error?: unknown;
  response: Response;
}

/** The answer, or an ApiError with what the server said. */
export async function answerOf<Answer>(asked: Promise<Asked<Answer>>): Promise<Answer> {
  const { data, error, response } = await asked;
  if (!response.ok) throw errorFromAnswer(response.status, error, response.headers);
  return data as Answer;
}

/** What every command is sent with: the same key with the same body makes the server act once, however often it is sent. */
export function command(idempotencyKey: string): { headers: { 'Idempotency-Key': string }; signal: AbortSignal } {
  return { headers: { 'Idempotency-Key': idempotencyKey }, signal: AbortSignal.timeout(commandTimeoutMs) };
}

async function send(request: Request): Promise<Response> {
  const key = readApiKey();
  const wanted = request.headers.get('Accept') ?? json;
  request.headers.set('Accept', wanted);
  if (key !== null) request.headers.set('X-API-Key', key);
  const response = await fetch(request).catch((cause: unknown) => {
    if (isAbort(cause)) throw cause;
    throw errorFromSilence(cause);
  });
  if (response.status === 401) reportUnauthorized(key);
  // Only a proxy or a wrong server answers something else; it is reported as an answer that says nothing.
  const given = response.ok ? wanted : json;
  if (response.body !== null && response.headers.get('Content-Type')?.includes(given) !== true)
    throw errorFromAnswer(response.status, null, response.headers);
  return response;
}

function isAbort(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'AbortError';
}
