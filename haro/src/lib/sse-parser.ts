/** Server-sent events from text that may be cut anywhere: pure, no network, no timers. */
export type SseFrame =
  | { kind: 'event'; type: string; data: string; id: string | null }
  | { kind: 'comment'; text: string }
  | { kind: 'retry'; milliseconds: number };

/**
 * Follows the HTML standard's event stream format, with two differences that this page needs:
 * `id` is only what this very event carried (ephemeral events have none), and an event with a name but no data is delivered.
 */
export class SseParser {
  #rest = '';
  #sawCarriageReturn = false;
  #atStart = true;
  #type = '';
  #data: string[] = [];
  #id: string | null = null;

  /** The frames completed by this piece of text, in order. */
  push(text: string): SseFrame[] {
    const frames: SseFrame[] = [];
    this.#rest += this.#withoutMark(text);
    let start = 0;
    for (let at = 0; at < this.#rest.length; at += 1) {
      const character = this.#rest[at];
      if (character === '\n' && this.#sawCarriageReturn && at === start) {
        start = at + 1;
        this.#sawCarriageReturn = false;
      } else if (character === '\n' || character === '\r') {
        this.#line(this.#rest.slice(start, at), frames);
        start = at + 1;
        this.#sawCarriageReturn = character === '\r';
      }
    }
    this.#rest = this.#rest.slice(start);
    return frames;
  }

  #withoutMark(text: string): string {
    if (!this.#atStart || text === '') return text;
    this.#atStart = false;
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  }

  #line(line: string, frames: SseFrame[]): void {
    if (line === '') {
      this.#dispatch(frames);
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) {
      frames.push({ kind: 'comment', text: line.slice(1).trimStart() });
      return;
    }
    const name = colon < 0 ? line : line.slice(0, colon);
    const raw = colon < 0 ? '' : line.slice(colon + 1);
    this.#field(name, raw.startsWith(' ') ? raw.slice(1) : raw, frames);
  }

  #field(name: string, value: string, frames: SseFrame[]): void {
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) frames.push({ kind: 'retry', milliseconds: Number(value) });
  }

  #dispatch(frames: SseFrame[]): void {
    if (this.#data.length > 0 || this.#type !== '') {
      frames.push({ kind: 'event', type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id });
    }
    this.#type = '';
    this.#data = [];
    this.#id = null;
  }
}
