const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** "15m" → 900; null for what is no timeframe. */
export function timeframeSeconds(name: string): number | null {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(name) ?? [];
  return count === undefined ? null : Number(count) * (unitSeconds[unit] ?? NaN);
}
