/** The tab's one connection to the journal: reads events by fetch, reconnects for ever and resumes from the last id. */
import { SseParser, type SseFrame } from './sse-parser';

export type ConnectionState = 'live' | 'catching-up' | 'offline';
export type StreamEvent = Extract<SseFrame, { kind: 'event' }>;

export interface EventStreamOptions {
  url: string;
  apiKey: () => string | null;
  onEvent: (event: StreamEvent) => void;
  /** Opened without a place to resume from: anything may have changed unseen. */
  onGap: () => void;
  onUnauthorized: (usedKey: string | null) => void;
  random?: () => number;
}

const firstDelayMs = 1_000;
const longestDelayMs = 30_000;
/** The server comments every 15 s; three missed ones mean a dead socket (a laptop that slept, a proxy that went away). */
const silenceLimitMs = 45_000;
/** A resumed connection counts as caught up after this long without a further event, or at a heartbeat. */
const caughtUpAfterMs = 750;

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #listeners = new Set<() => void>();
  #state: ConnectionState = 'catching-up';
  #lastEventId: string | null = null;
  #abort: AbortController | null = null;
  #attempt = 0;
  #baseDelayMs = firstDelayMs;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;
  #caughtUpTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  readonly state = (): ConnectionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    if (this.#abort === null) void this.#connect();
  }

  stop(): void {
    this.#clearTimers();
    this.#abort?.abort();
    this.#abort = null;
  }

  /** Connect now instead of after the current delay: the network is back, the page is looked at, a key was entered. */
  retryNow(): void {
    if (this.#state === 'live') return;
    this.stop();
    this.#attempt = 0;
    this.start();
  }

  async #connect(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.#watchSilence(abort);
    let refused = false;
    try {
      refused = (await this.#read(abort.signal)) === 'refused';
    } catch {
      // Whatever broke the connection, the answer is the same: show it and connect again.
    }
    if (this.#abort !== abort) return;
    this.#clearTimers();
    this.#abort = null;
    if (refused) this.#setState('offline');
    else this.#retryLater();
  }

  async #read(signal: AbortSignal): Promise<'refused' | 'ended'> {
    const key = this.#options.apiKey();
    const headers = new Headers({ Accept: 'text/event-stream' });
    if (key !== null) headers.set('X-API-Key', key);
    if (this.#lastEventId !== null) headers.set('Last-Event-ID', this.#lastEventId);
    const response = await fetch(this.#options.url, { headers, signal, cache: 'no-store' });
    if (response.status === 401) {
      this.#options.onUnauthorized(key);
      return 'refused';
    }
    if (!response.ok || response.body === null) throw new Error(`event stream answered ${response.status}`);
    this.#opened();
    await this.#follow(response.body, signal);
    return 'ended';
  }

  async #follow(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      if (this.#abort) this.#watchSilence(this.#abort);
      for (const frame of parser.push(decoder.decode(value, { stream: true }))) this.#take(frame);
    }
  }

  #opened(): void {
    this.#attempt = 0;
    if (this.#lastEventId === null) {
      this.#setState('live');
      this.#options.onGap();
    } else {
      this.#setState('catching-up');
      this.#expectQuiet();
    }
  }

  #take(frame: SseFrame): void {
    if (frame.kind === 'retry') {
      this.#baseDelayMs = frame.milliseconds;
    } else if (frame.kind === 'comment') {
      if (this.#state === 'catching-up') this.#setState('live');
    } else {
      if (frame.type === 'reset') this.#lastEventId = null;
      if (frame.id !== null) this.#lastEventId = frame.id || null;
      if (this.#state === 'catching-up') this.#expectQuiet();
      this.#options.onEvent(frame);
    }
  }

  #expectQuiet(): void {
    clearTimeout(this.#caughtUpTimer);
    this.#caughtUpTimer = setTimeout(() => {
      this.#setState('live');
    }, caughtUpAfterMs);
  }

  #watchSilence(abort: AbortController): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      abort.abort();
    }, silenceLimitMs);
  }

  #retryLater(): void {
    // A server may end a healthy connection on purpose; only a failed attempt to come back counts as offline.
    this.#setState(this.#attempt === 0 && this.#state !== 'offline' ? 'catching-up' : 'offline');
    const ceiling = Math.min(this.#baseDelayMs * 2 ** this.#attempt, longestDelayMs);
    this.#attempt += 1;
    const jitter = 0.5 + (this.#options.random ?? Math.random)() / 2;
    this.#retryTimer = setTimeout(() => void this.#connect(), ceiling * jitter);
  }

  #clearTimers(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#caughtUpTimer);
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
