/** What the server puts on the stream, checked on arrival. Fields this page does not know are ignored. */
import * as z from 'zod/mini';

const journalEvent = z.object({
  position: z.number(),
  type: z.string(),
  run_id: z.optional(z.nullable(z.string())),
  order_id: z.optional(z.nullable(z.string())),
  status: z.optional(z.nullable(z.string())),
  ts: z.optional(z.nullable(z.string())),
});

const progressEvent = z.object({
  run_id: z.string(),
  progress: z.coerce.number().check(z.gte(0), z.lte(1)),
});

export type JournalEvent = z.infer<typeof journalEvent>;
export type ProgressEvent = z.infer<typeof progressEvent>;

export type StreamMessage =
  | { kind: 'reset' }
  | { kind: 'progress'; progress: ProgressEvent }
  | { kind: 'journal'; event: JournalEvent }
  | { kind: 'other' }
  | { kind: 'malformed'; reason: string };

export function readStreamEvent(type: string, data: string): StreamMessage {
  if (type === 'reset') return { kind: 'reset' };
  if (type === 'tick') return { kind: 'other' };
  let content: unknown;
  try {
    content = JSON.parse(data);
  } catch {
    return { kind: 'malformed', reason: `${type}: not JSON` };
  }
  if (type === 'progress') {
    const parsed = progressEvent.safeParse(content);
    if (parsed.success) return { kind: 'progress', progress: parsed.data };
    return { kind: 'malformed', reason: `${type}: ${z.prettifyError(parsed.error)}` };
  }
  const parsed = journalEvent.safeParse(content);
  if (parsed.success) return { kind: 'journal', event: parsed.data };
  return { kind: 'malformed', reason: `${type}: ${z.prettifyError(parsed.error)}` };
}
