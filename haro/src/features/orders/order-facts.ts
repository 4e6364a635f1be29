/** What an order's fields mean together: pure. */
import type { Order, OrderStatus } from '../../lib/api-types';
import { formatPrice, unknownMark } from '../../lib/number-format';

const working = new Set<OrderStatus>(['pending', 'submitted', 'accepted', 'partial', 'unknown']);

export function isWorking({ status }: Pick<Order, 'status'>): boolean {
  return working.has(status);
}

/** The price it waits for: limit, trigger or both; a market order has none. */
export function priceAsked({ price, stop_price }: Pick<Order, 'price' | 'stop_price'>): string {
  const parts = [
    stop_price === null ? '' : `stop ${formatPrice(stop_price)}`,
    price === null ? '' : formatPrice(price),
  ];
  return parts.filter(Boolean).join(' / ') || unknownMark;
}
