/** Returns by month, the colour saying how far from nothing. */
import type { CSSProperties } from 'react';
import { layOutDecimal } from '../src/lib/decimal';
import type { Year } from './report-data';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const strongest = 45;

const leastScale = 0.01;

/** How much of the colour, in per cent: the largest month has all of it, unless all are small. */
export function strength(value: number, largest: number): number {
  return Math.round((Math.abs(value) / Math.max(largest, leastScale)) * strongest);
}

export function MonthlyTable({ years }: { years: Year[] }) {
  const largest = Math.max(0, ...years.flatMap(({ months }) => months.map((value) => Math.abs(value ?? 0))));
  return (
    <div className="scroll" role="region" aria-label="Monthly returns" tabIndex={0}>
      <table className="monthly">
        <thead>
          <tr>
            <th scope="col">Year</th>
            {months.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">Total</th>
          </tr>
        </thead>
        <tbody>
          {years.map(({ year, months, whole }) => (
            <tr key={year}>
              <th scope="row">{year}</th>
              {months.map((value, at) => (
                <td key={at} style={value === null ? undefined : shade(value, largest)}>
                  {value === null ? '' : percent(value)}
                </td>
              ))}
              <td className="whole">{whole === null ? '' : percent(whole)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shade(value: number, largest: number): CSSProperties {
  const colour = value < 0 ? 'var(--w-down)' : 'var(--w-up)';
  return { background: `color-mix(in srgb, ${colour} ${strength(value, largest)}%, transparent)` };
}

const percent = (fraction: number): string =>
  `${layOutDecimal(String(fraction), { places: 1, shift: 2, sign: 'always' })}%`;
