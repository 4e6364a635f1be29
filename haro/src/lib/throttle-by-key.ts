/** Runs an action at most once per interval and key, never twice at a time, and always once more after the last request. */
interface Slot<Value> {
  busy: boolean;
  waiting: { value: Value } | null;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export interface ThrottleOptions {
  intervalMs: number;
  /** Run once more this long after the last request; 0 for never. */
  settleMs?: number;
}

export class ThrottleByKey<Value> {
  readonly #slots = new Map<string, Slot<Value>>();
  readonly #action: (value: Value) => unknown;
  readonly #intervalMs: number;
  readonly #settleMs: number;

  /** A promise returned by `action` is waited for, so that a slow server is asked less often, not more. */
  constructor(action: (value: Value) => unknown, { intervalMs, settleMs = 0 }: ThrottleOptions) {
    this.#action = action;
    this.#intervalMs = intervalMs;
    this.#settleMs = settleMs;
  }

  /** The first request of a quiet key runs at once; of those that come too early only the latest is kept. */
  request(key: string, value: Value): void {
    const slot = this.#slots.get(key) ?? { busy: false, waiting: null, timer: undefined };
    this.#slots.set(key, slot);
    if (slot.busy) {
      slot.waiting = { value };
    } else {
      clearTimeout(slot.timer);
      void this.#run(key, slot, value, true);
    }
  }

  dispose(): void {
    for (const slot of this.#slots.values()) clearTimeout(slot.timer);
    this.#slots.clear();
  }

  async #run(key: string, slot: Slot<Value>, value: Value, settle: boolean): Promise<void> {
    slot.busy = true;
    const pause = new Promise((resolve) => {
      slot.timer = setTimeout(resolve, this.#intervalMs);
    });
    await Promise.allSettled([this.#action(value), pause]);
    if (this.#slots.get(key) !== slot) return;
    slot.busy = false;
    const next = slot.waiting;
    slot.waiting = null;
    if (next !== null) void this.#run(key, slot, next.value, true);
    else if (settle && this.#settleMs > 0) this.#settleLater(key, slot, value);
    else this.#slots.delete(key);
  }

  #settleLater(key: string, slot: Slot<Value>, value: Value): void {
    slot.timer = setTimeout(() => void this.#run(key, slot, value, false), this.#settleMs);
  }
}
