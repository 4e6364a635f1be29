/** How runs that are compared are told apart. */
export const mostRuns = 8;
const solidLines = 4;

/** The custom property of the colour of the n-th run, counted from 0. */
export const seriesColour = (place: number): string => `--w-series-${(place % mostRuns) + 1}`;

/** Four colours are as many as most eyes keep apart in thin lines; beyond them the line differs too. */
export const seriesIsDashed = (place: number): boolean => place >= solidLines;

const [minute, hour, day] = [60, 3_600, 86_400];

/** Time since a run's first point in its largest unit: "day 12", "5 h", "30 min". */
export function elapsedText(seconds: number): string {
  if (seconds >= day) return `day ${Math.floor(seconds / day)}`;
  if (seconds >= hour) return `${Math.floor(seconds / hour)} h`;
  return seconds >= minute ? `${Math.floor(seconds / minute)} min` : 'start';
}
