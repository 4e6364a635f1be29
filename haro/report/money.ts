/** Money of a report: as many places as its size asks for, the same in every table. */
import type { Decimal } from '../src/lib/api-types';
import { layOutDecimal } from '../src/lib/decimal';

const fewUnits = 100;

/** Accounts of a hundred and more are read in hundredths; smaller ones, such as a bitcoin, need the small places. */
export function moneyPlaces(initialCash: Decimal): number {
  return Number(initialCash) >= fewUnits ? 2 : 8;
}

export function money(value: Decimal | number, places: number): string {
  return layOutDecimal(String(value), { places });
}

export function signedMoney(value: Decimal | number, places: number): string {
  return layOutDecimal(String(value), { places, sign: 'always' });
}

const shownDigits = 8;

/** A price with all it has, cut where an average never ends: 2 places at least, about 8 digits at most. */
export function price(value: Decimal): string {
  const whole = Math.floor(Math.log10(Math.abs(Number(value)) || 1)) + 1;
  const places = Math.max(2, shownDigits - whole);
  const rounded = layOutDecimal(value, { places });
  const [before = '', after = ''] = rounded.split('.');
  return `${before}.${after.replace(/0+$/, '').padEnd(2, '0')}`;
}

export function signedPercent(fraction: number): string {
  return `${layOutDecimal(String(fraction), { places: 2, shift: 2, sign: 'always' })}%`;
}

const mostPlaces = 8;

/** How many decimal places tell the lines of an axis over these values apart: at least a twentieth of their span. */
export function axisPlaces(values: number[]): number {
  const [least, most] = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
  const step = (most - least) / 20;
  return step > 0 ? Math.min(mostPlaces, Math.max(0, Math.ceil(-Math.log10(step)))) : 2;
}
