import { expect, test } from 'vitest';
import { crowded, placeOf, pricePlaces, tradeMarkers } from '../../report/candle-markers';
import { aTrade, hour, start } from './sample-report';

const times = [0, 4, 8, 20].map((hours) => start + hours * hour);
const look = { entry: 'blue', exit: 'amber', isSmall: false };

test.each([
  [-1, 0],
  [0, 0],
  [3.9, 0],
  [4, 1],
  [19, 2],
  [20, 3],
  [99, 3],
])('%s hours after the first candle lie on candle %s', (hours, place) => {
  expect(placeOf(times, start + hours * hour)).toBe(place);
});

test('a long trade is bought under its candle and sold above, a short one the other way round', () => {
  const long = aTrade({ opened_at: start + 5 * hour, closed_at: start + 9 * hour });
  const short = aTrade({ number: 2, side: 'short', opened_at: start, closed_at: start + 4 * hour });
  const shapes = tradeMarkers({ times, marked: [long, short] }, null, look).map((one) => [
    one.time,
    one.color,
    one.shape,
    one.position,
  ]);
  expect(shapes).toEqual([
    [times[0], 'blue', 'arrowDown', 'aboveBar'],
    [times[1], 'blue', 'arrowUp', 'belowBar'],
    [times[1], 'amber', 'arrowUp', 'belowBar'],
    [times[2], 'amber', 'arrowDown', 'aboveBar'],
  ]);
});

test('the trade the reader asked for is marked with its number, once, whether it was among the marked or not', () => {
  const marked = Array.from({ length: 50 }, (_, at) => aTrade({ number: at + 1 }));
  const numbered = (wanted: number) =>
    tradeMarkers({ times, marked }, aTrade({ number: wanted }), look).flatMap(({ text }) => text ?? []);
  expect(tradeMarkers({ times, marked }, null, look).filter(({ text }) => text !== undefined)).toEqual([]);
  expect(numbered(7)).toEqual(['#7', '#7']);
  expect(numbered(99)).toEqual(['#99', '#99']);
});

test('marks are small only while many of them are in sight', () => {
  const marked = Array.from({ length: 50 }, () => aTrade({ opened_at: start, closed_at: start + hour }));
  expect(crowded({ times, marked }, { from: 0, to: 3 })).toBe(true);
  expect(crowded({ times, marked }, { from: 1, to: 3 })).toBe(false);
  expect(crowded({ times, marked: marked.slice(40) }, { from: 0, to: 3 })).toBe(false);
});

test('prices are shown with the places they have', () => {
  expect(pricePlaces([1, 2.5])).toBe(2);
  expect(pricePlaces([1.23456, 2])).toBe(5);
  expect(pricePlaces([0.000000012345])).toBe(8);
});
