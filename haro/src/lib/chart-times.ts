/** How a chart writes its times: in the zone the page shows. The chart itself knows instants only, in seconds. */
import { wallTime } from './time-format';
import type { TimeZone } from './time-zone';

/** What a mark on the time axis stands for, by the chart library's numbers. */
const [yearMark, monthMark, dayMark, , secondMark] = [0, 1, 2, 3, 4];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface ChartTimes {
  localization: { timeFormatter: (time: unknown) => string };
  timeScale: { tickMarkFormatter: (time: unknown, kind: number) => string };
}

export function chartTimes(zone: TimeZone): ChartTimes {
  const written = (time: unknown) => wallTime(new Date(Number(time) * 1_000), zone);
  return {
    localization: { timeFormatter: (time) => written(time).replace(/:00$/, '') },
    timeScale: {
      tickMarkFormatter: (time, kind) => {
        // The axis is divided at the days of UTC: where those begin is no round time in another zone.
        if (kind === yearMark || kind === monthMark)
          return periodText(wallTime(new Date(Number(time) * 1_000), 'utc'), kind);
        const text = written(time);
        if (kind === dayMark) return dayText(text);
        return text.slice(11, kind === secondMark ? 19 : 16);
      },
    },
  };
}

function periodText(text: string, kind: number): string {
  return kind === yearMark ? text.slice(0, 4) : (months[Number(text.slice(5, 7)) - 1] ?? '');
}

/** "1 Mar" at midnight, else "1 19:00". */
function dayText(text: string): string {
  const day = String(Number(text.slice(8, 10)));
  const time = text.slice(11, 16);
  return time === '00:00' ? `${day} ${months[Number(text.slice(5, 7)) - 1] ?? ''}` : `${day} ${time}`;
}
