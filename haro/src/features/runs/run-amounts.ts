/** The numbers a run may be given beside its strategy's parameters: what trading costs, and how far it may go. */
import { compareDecimals, parseDecimal } from '../../lib/decimal';

/** By the server's name of the field; empty is left out. */
export type Amounts = Record<string, string>;

export interface AmountField {
  name: string;
  label: string;
  hint: string;
  whole?: boolean;
}

export const costFields: AmountField[] = [
  { name: 'commission_bps', label: 'Commission (bps)', hint: 'Of the traded price. 10 bps are 0.1 %.' },
  { name: 'maker_bps', label: 'Maker commission (bps)', hint: 'For limit orders that waited; empty: as above.' },
  { name: 'commission_per_unit', label: 'Commission per unit', hint: 'In quote currency.' },
  { name: 'commission_per_order', label: 'Commission per order', hint: 'In quote currency.' },
  { name: 'slippage_bps', label: 'Slippage (bps)', hint: 'Of the price, against you.' },
  { name: 'slippage_ticks', label: 'Slippage (ticks)', hint: 'Against you.' },
  { name: 'slippage_impact', label: 'Market impact', hint: 'Grows with the share of the bar’s volume.' },
];

export const limitFields: AmountField[] = [
  { name: 'max_position', label: 'Largest position', hint: 'In units of a symbol.' },
  { name: 'max_order_notional', label: 'Largest order', hint: 'In quote currency.' },
  { name: 'max_gross_exposure', label: 'Largest exposure', hint: 'All positions together.' },
  { name: 'max_open_orders', label: 'Open orders', hint: 'At most, at a time.', whole: true },
  { name: 'max_orders_per_minute', label: 'Orders per minute', hint: 'At most.', whole: true },
  { name: 'max_daily_loss', label: 'Daily loss', hint: 'In quote currency; reached, the run is halted.' },
  { name: 'max_drawdown', label: 'Drawdown', hint: 'A fraction: 0.2 is 20 %. Reached, the run is halted.' },
  { name: 'max_bar_age_seconds', label: 'Oldest bar (s)', hint: 'No order on older prices.', whole: true },
  {
    name: 'cooldown_after_loss_seconds',
    label: 'Pause after a loss (s)',
    hint: 'No new position for so long.',
    whole: true,
  },
];

export interface AmountsReading {
  values: Record<string, string | number>;
  problems: Record<string, string>;
}

/** Problems by "<prefix>.<name>". */
export function readAmounts(prefix: string, fields: AmountField[], amounts: Amounts): AmountsReading {
  const reading: AmountsReading = { values: {}, problems: {} };
  for (const { name, whole = false } of fields) {
    const text = (amounts[name] ?? '').trim();
    if (text === '') continue;
    if (!isAmount(text, whole))
      reading.problems[`${prefix}.${name}`] = `Must be a ${whole ? 'whole ' : ''}number, at least 0.`;
    else reading.values[name] = whole ? Number(text) : text;
  }
  return reading;
}

function isAmount(text: string, whole: boolean): boolean {
  if (whole) return /^\d{1,15}$/.test(text);
  return parseDecimal(text) !== null && compareDecimals(text, '0') >= 0;
}
