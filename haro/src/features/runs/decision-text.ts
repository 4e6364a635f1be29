/** A decision in words: pure. */
import type { Decision } from '../../lib/api-types';
import { formatCount, formatPrice, formatQuantity } from '../../lib/number-format';

export type DecidedOrder = Decision['orders'][number];

/** "buy 0.5 BTC/USD limit 42,000.00" */
export function decidedOrderText({ side, qty, symbol, order_type, price, stop_price }: DecidedOrder): string {
  const prices = [
    price === null ? '' : `limit ${formatPrice(price)}`,
    stop_price === null ? '' : `stop ${formatPrice(stop_price)}`,
  ].filter(Boolean);
  const kind = prices.length === 0 || order_type === 'trailing_stop' ? order_type.replaceAll('_', ' ') : '';
  return [side, formatQuantity(qty), symbol, kind, ...prices].filter(Boolean).join(' ');
}

/** All of it in one line: what was refused and missed comes first, so that it is not cut off. */
export function decisionText({ orders, missed }: Decision): string {
  const refused = orders.filter((order) => order.refused !== null).length;
  return [
    refused > 0 ? `${formatCount(refused)} refused` : '',
    missed > 0 ? `${formatCount(missed)} bars missed before` : '',
    ...orders.map(decidedOrderText),
  ]
    .filter(Boolean)
    .join(' · ');
}
