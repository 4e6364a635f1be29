/** Where a series has no bars: pure. */
export interface Gap {
  /** Of the first bar that is missing, in milliseconds since 1970. */
  from: number;
  /** Of the first bar that is there again. */
  to: number;
}

/** The stretches between bars of this length that are longer than one of them; `opens`: ISO 8601, ascending. */
export function gapsBetween(opens: string[], seconds: number): Gap[] {
  const length = seconds * 1_000;
  const times = opens.map((open) => Date.parse(open));
  return times.flatMap((time, at) => {
    const next = times[at + 1];
    return next !== undefined && next - time > length ? [{ from: time + length, to: next }] : [];
  });
}
