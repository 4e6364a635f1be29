/** Numbers as the page shows them. Null and undefined are a dash: unknown is never shown as zero. */
import { layOutDecimal } from './decimal';

export const unknownMark = '—';

type Shown = string | number | null | undefined;

function shown(value: Shown, lay: (text: string) => string): string {
  return value === null || value === undefined || value === '' ? unknownMark : lay(String(value));
}

/** "1234.5" → "1,234.50" */
export function formatMoney(value: Shown): string {
  return shown(value, (text) => layOutDecimal(text, { places: 2 }));
}

/** "1234.5" → "+1,234.50" */
export function formatSignedMoney(value: Shown): string {
  return shown(value, (text) => layOutDecimal(text, { places: 2, sign: 'always' }));
}

/** A fraction as per cent: "0.1234" → "12.34%" */
export function formatPercent(value: Shown): string {
  return shown(value, (text) => `${layOutDecimal(text, { places: 2, shift: 2 })}%`);
}

/** "0.1234" → "+12.34%" */
export function formatSignedPercent(value: Shown): string {
  return shown(value, (text) => `${layOutDecimal(text, { places: 2, shift: 2, sign: 'always' })}%`);
}

/** A ratio such as Sharpe: "1.2345" → "1.23" */
export function formatRatio(value: Shown): string {
  return shown(value, (text) => layOutDecimal(text, { places: 2 }));
}

/** Every digit that was given: "0.00012300" → "0.000123" */
export function formatQuantity(value: Shown): string {
  return shown(value, (text) => layOutDecimal(text, {}));
}

/** Every digit, at least two places: "42000.5" → "42,000.50" */
export function formatPrice(value: Shown): string {
  return shown(value, (text) => layOutDecimal(text, { leastPlaces: 2 }));
}

const reading = new Intl.NumberFormat('en-US', {
  maximumSignificantDigits: 6,
  maximumFractionDigits: 2,
  roundingPriority: 'morePrecision',
});

/** A computed number, of an indicator, to six digits or to hundredths: 86.01785195 → "86.0179", 123456.789 → "123,456.79" */
export function formatReading(value: number | null): string {
  return value === null ? unknownMark : reading.format(value);
}

export function formatCount(value: Shown): string {
  return shown(value, (text) => layOutDecimal(text, {}));
}

/** Which way the shown figure points, so that colour and sign never disagree. */
export function direction(signedText: string): 'up' | 'down' | 'flat' {
  if (signedText.startsWith('+')) return 'up';
  return signedText.startsWith('-') ? 'down' : 'flat';
}
