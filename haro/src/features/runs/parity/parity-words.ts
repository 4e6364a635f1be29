/** The parity report in words: what each cause means, and what each side has of an example. */
import type { Parity, ParityDifference } from '../../../lib/api-types';
import { compareDecimals } from '../../../lib/decimal';
import { formatCount, formatPrice, formatQuantity, formatSignedMoney, unknownMark } from '../../../lib/number-format';
import { formatSecond } from '../../../lib/time-format';
import type { TimeZone } from '../../../lib/time-zone';

export type Cause = ParityDifference['kind'] | 'unexplained';

export const causeWords: Record<Cause, { title: string; meaning: string }> = {
  data: {
    title: 'Other bars',
    meaning: 'Bars the store has otherwise or not at all, and bars that came too late. Both sides trade the same ones.',
  },
  decision: {
    title: 'Other decisions',
    meaning: 'Orders only one side placed, or with another quantity or price. What follows from them counts here too.',
  },
  fill_price: { title: 'Other fill prices', meaning: 'Filled in the same bar, at another price.' },
  fee: { title: 'Other fees', meaning: 'The same fill, with another fee.' },
  latency: { title: 'Late fills', meaning: 'Filled in another bar, or so far on one side only.' },
  refusal: { title: 'Refusals', meaning: 'Refused or expired on one side, taken on the other.' },
  unexplained: { title: 'Unexplained', meaning: 'What no cause accounts for: the rounding of positions.' },
};

export interface CauseRow {
  cause: Cause;
  /** Null where there is nothing to count. */
  count: number | null;
  amount: string;
  examples: ParityDifference['examples'];
}

/** Their amounts add up to the difference. */
export function causeRows({ differences, unexplained }: Pick<Parity, 'differences' | 'unexplained'>): CauseRow[] {
  return [
    ...differences.map(({ kind, ...rest }) => ({ cause: kind, ...rest })),
    { cause: 'unexplained', count: null, amount: unexplained, examples: [] },
  ];
}

type Outcome = Pick<Parity, 'differences' | 'difference' | 'backtest_error'>;

/** Nothing differs, and what rounding leaves is not to be seen. */
export function isAlike({ differences, difference, backtest_error }: Outcome): boolean {
  const counted = differences.reduce((sum, { count }) => sum + count, 0);
  return counted === 0 && backtest_error === null && formatSignedMoney(difference) === '0.00';
}

/** What a run and its backtest have in common. */
export function alikeText({ bars, orders }: Pick<Parity, 'bars' | 'orders'>): string {
  const placed =
    orders === 0 ? 'no order either' : orders === 1 ? 'the same order' : `the same ${formatCount(orders)} orders`;
  return `A backtest of the bars this run saw, ${formatCount(bars)} so far, places ${placed} and comes to the same equity.`;
}

/** "The run has 3.05 less than a backtest of the bars it saw." */
export function outcomeText({ difference }: Pick<Parity, 'difference'>): string {
  const amount = formatSignedMoney(difference).replace(/^[+-]/, '');
  if (amount === '0.00')
    return 'The run has as much as a backtest of the bars it saw, though they came to it otherwise.';
  return `The run has ${amount} ${compareDecimals(difference, '0') < 0 ? 'less' : 'more'} than a backtest of the bars it saw.`;
}

/** Seconds: 0.25 → "250 ms", 12.3456 → "12.3 s"; a dash where there are none. */
export function latencyText(seconds: number | null): string {
  if (seconds === null) return unknownMark;
  const milliseconds = Math.round(seconds * 1_000);
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  return `${seconds.toFixed(1)} s`;
}

type Side = Record<string, string> | null;

/** What a side has of an example, what tells most of its cause first. */
export function sideText(cause: Cause, side: Side, zone: TimeZone): string {
  if (side === null) return cause === 'data' ? 'no such bar' : 'no such order';
  if (cause === 'data') return barText(side);
  const { refused, fee } = side;
  const order = orderText(side);
  const fill = fillText(side, zone);
  if (refused !== undefined) return `${order}, refused: ${refused}`;
  if (cause === 'fee')
    return fee === undefined ? `${order}, not filled` : `fee ${formatQuantity(fee)} · ${order}, ${fill}`;
  return `${order}, ${fill}`;
}

function orderText({ side, qty, order_type: type, price, stop_price: stop }: Record<string, string>): string {
  const prices = [price && `limit ${formatPrice(price)}`, stop && `stop ${formatPrice(stop)}`].filter(Boolean);
  const kind = (type ?? '').replaceAll('_', ' ');
  return [side, formatQuantity(qty), prices.length > 0 ? prices.join(' ') : kind].filter(Boolean).join(' ');
}

function fillText(side: Record<string, string>, zone: TimeZone): string {
  const { qty, filled_qty: filled, average_price: price, filled_at: at } = side;
  if (filled === undefined || price === undefined) return 'not filled';
  const part = filled === qty ? 'filled' : `filled ${formatQuantity(filled)}`;
  return `${part} at ${formatPrice(price)}${at === undefined ? '' : `, ${formatSecond(at, zone)}`}`;
}

function barText(bar: Record<string, string>): string {
  if (bar.bar !== undefined) return bar.bar;
  return Object.entries(bar)
    .map(([name, value]) => `${name} ${formatQuantity(value)}`)
    .join(' · ');
}
