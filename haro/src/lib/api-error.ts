/** What went wrong with a request, in the server's own words where it gave any. */
import * as z from 'zod/mini';

interface ApiErrorFacts {
  status: number;
  code: string;
  message: string;
  details?: unknown;
  correlationId?: string | null;
}

/** `status` is 0 when no answer arrived at all: then it is unknown whether the server acted. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly details: unknown;
  readonly correlationId: string | null;

  constructor(facts: ApiErrorFacts) {
    super(facts.message);
    this.status = facts.status;
    this.code = facts.code;
    this.details = facts.details ?? null;
    this.correlationId = facts.correlationId ?? null;
  }
}

const errorBody = z.object({
  code: z.string(),
  message: z.string(),
  details: z.optional(z.unknown()),
  correlation_id: z.optional(z.nullable(z.string())),
});

export function errorFromAnswer(status: number, body: unknown, headers: Headers): ApiError {
  const parsed = errorBody.safeParse(body);
  const correlationId = headers.get('X-Correlation-ID');
  if (!parsed.success) {
    const message = `The server answered ${status} without saying why. Its log has more.`;
    return new ApiError({ status, code: `HTTP_${status}`, message, correlationId });
  }
  const { code, message, details, correlation_id } = parsed.data;
  return new ApiError({ status, code, message, details, correlationId: correlation_id ?? correlationId });
}

export function errorFromSilence(cause: unknown): ApiError {
  const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError';
  const message = timedOut
    ? 'The server did not answer in time. Look at the list of runs before trying again.'
    : 'The server cannot be reached. Is "weaver serve" running?';
  return new ApiError({ status: 0, code: timedOut ? 'TIMEOUT' : 'UNREACHABLE', message });
}
