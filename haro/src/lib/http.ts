/** Requests to Weaver's REST interface: the key, the idempotency key and errors are handled here, once. */
import { readApiKey, reportUnauthorized } from './api-key';
import { errorFromAnswer, errorFromSilence } from './api-error';

export const apiRoot = '/api/v1';
const commandTimeoutMs = 30_000;

type QueryValue = string | number | null | undefined;

interface GetOptions {
  query?: Record<string, QueryValue>;
  signal?: AbortSignal;
}

interface PostOptions {
  body?: unknown;
  /** The same key with the same body makes the server act once, however often it is sent. */
  idempotencyKey: string;
}

export function apiGet<Answer>(path: string, { query, signal }: GetOptions = {}): Promise<Answer> {
  return send<Answer>(path + queryString(query ?? {}), { method: 'GET', ...(signal && { signal }) });
}

export function apiPost<Answer>(path: string, { body, idempotencyKey }: PostOptions): Promise<Answer> {
  return send<Answer>(path, {
    method: 'POST',
    headers: { 'Idempotency-Key': idempotencyKey, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(commandTimeoutMs),
  });
}

function queryString(query: Record<string, QueryValue>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size > 0 ? `?${parameters.toString()}` : '';
}

async function send<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const key = readApiKey();
  const headers = new Headers(init.headers);
  headers.set('Accept', 'application/json');
  if (key !== null) headers.set('X-API-Key', key);
  const response = await fetch(apiRoot + path, { ...init, headers }).catch((cause: unknown) => {
    if (isAbort(cause)) throw cause;
    throw errorFromSilence(cause);
  });
  if (response.status === 401) reportUnauthorized(key);
  const body = await readJson(response);
  if (!response.ok) throw errorFromAnswer(response.status, body, response.headers);
  return body as Answer;
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text().catch((cause: unknown) => {
    if (isAbort(cause)) throw cause;
    throw errorFromSilence(cause);
  });
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Only a proxy or a wrong server answers something else; it is reported as an answer that says nothing.
    if (response.ok) throw errorFromAnswer(response.status, null, response.headers);
    return null;
  }
}

function isAbort(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'AbortError';
}
