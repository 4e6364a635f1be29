import type { SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts';
import { formatQuantity } from '../../../lib/number-format';
import type { Colour } from './chart-frame';
import type { FillMark } from './fill-marks';

/** How a mark is drawn: buys below the bar, sells above it, told by their shape and, besides, by their colour. */
export function markerOf(
  { time, side, count, last }: FillMark,
  texted: boolean,
  wanted: number | null,
  colour: Colour,
): SeriesMarker<Time> {
  const buys = side === 'buy';
  const isWanted = wanted !== null && last.position === wanted;
  const one = texted || isWanted ? `${side} ${formatQuantity(last.qty)}` : '';
  const text = count > 1 ? `${count}` : one;
  return {
    time: time as UTCTimestamp,
    position: buys ? 'belowBar' : 'aboveBar',
    shape: buys ? 'arrowUp' : 'arrowDown',
    color: colour(isWanted ? '--w-warn' : buys ? '--w-info' : '--w-text'),
    size: isWanted ? 2 : 1,
    ...(text !== '' && { text }),
  };
}
