/** Equity points as the chart wants them: ascending seconds, each once. Floats here are for drawing only. */
import type { EquityPoint } from '../../lib/api-types';

export interface ChartPoint {
  time: number;
  value: number;
  /** How far below the highest equity so far: 0 or less, as a fraction. */
  drawdown: number;
  /** The exact figures, for reading. */
  source: EquityPoint;
}

export function toChartPoints(points: EquityPoint[]): ChartPoint[] {
  const sorted = points
    .map((source) => ({
      time: Math.floor(Date.parse(source.time) / 1_000),
      value: Number(source.equity),
      drawdown: source.drawdown === 0 ? 0 : -source.drawdown,
      source,
    }))
    .filter(({ time, value }) => Number.isFinite(time) && Number.isFinite(value))
    .sort((a, b) => a.time - b.time);
  return sorted.filter((point, at) => point.time !== sorted[at + 1]?.time);
}
