/** Exact decimals as text: parse, compare, round and group without ever becoming a float. */
interface ExactDecimal {
  /** value = units / 10^scale */
  units: bigint;
  scale: number;
}

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Null for anything that is not a finite decimal number. */
export function parseDecimal(text: string): ExactDecimal | null {
  const match = pattern.exec(text.trim());
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || whole + fraction === '') return null;
  const scale = fraction.length - Number(exponent);
  const units = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** -1, 0 or 1. Both must be decimals. */
export function compareDecimals(left: string, right: string): number {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  if (a === null || b === null) throw new RangeError(`not decimals: ${left}, ${right}`);
  const scale = Math.max(a.scale, b.scale);
  const difference = rescale(a, scale) - rescale(b, scale);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

interface DecimalLayout {
  /** Round to this many places, half away from zero; without it every digit is kept. */
  places?: number;
  /** Pad with zeros to at least this many places. */
  leastPlaces?: number;
  /** Multiply by 10^shift first: 2 turns a fraction into per cent. */
  shift?: number;
  sign?: 'always' | 'negative';
}

/** "1234.5" → "1,234.50". Zero never has a sign. Text that is no decimal comes back unchanged. */
export function layOutDecimal(
  text: string,
  { places, leastPlaces = 0, shift = 0, sign = 'negative' }: DecimalLayout,
): string {
  const parsed = parseDecimal(text);
  if (parsed === null) return text;
  const shifted = shiftBy(parsed, shift);
  const exact = places === undefined ? shifted : roundTo(shifted, places);
  const digits = magnitude(exact.units)
    .toString()
    .padStart(exact.scale + 1, '0');
  const whole = digits.slice(0, digits.length - exact.scale);
  const fraction = fractionDigits(digits.slice(digits.length - exact.scale), places, leastPlaces);
  const mark = exact.units < 0n ? '-' : sign === 'always' && exact.units > 0n ? '+' : '';
  return mark + whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction && `.${fraction}`);
}

function fractionDigits(digits: string, places: number | undefined, leastPlaces: number): string {
  if (places !== undefined) return digits.padEnd(places, '0');
  return digits.replace(/0+$/, '').padEnd(leastPlaces, '0');
}

function shiftBy({ units, scale }: ExactDecimal, shift: number): ExactDecimal {
  return scale >= shift ? { units, scale: scale - shift } : { units: units * 10n ** BigInt(shift - scale), scale: 0 };
}

function roundTo(value: ExactDecimal, places: number): ExactDecimal {
  if (value.scale <= places) return { units: rescale(value, places), scale: places };
  const step = 10n ** BigInt(value.scale - places);
  const size = magnitude(value.units);
  const rounded = size / step + ((size % step) * 2n >= step ? 1n : 0n);
  return { units: value.units < 0n ? -rounded : rounded, scale: places };
}

function rescale({ units, scale }: ExactDecimal, target: number): bigint {
  return units * 10n ** BigInt(target - scale);
}

function magnitude(units: bigint): bigint {
  return units < 0n ? -units : units;
}

/** The exact difference as plain digits; null unless both are decimals. */
export function subtractDecimals(left: string, right: string): string | null {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  if (a === null || b === null) return null;
  const scale = Math.max(a.scale, b.scale);
  const units = rescale(a, scale) - rescale(b, scale);
  const digits = magnitude(units)
    .toString()
    .padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return (units < 0n ? '-' : '') + whole + (scale > 0 ? `.${digits.slice(-scale)}` : '');
}
