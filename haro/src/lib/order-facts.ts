/** What an order's fields mean together: pure. */
import type { Order, OrderStatus } from './api-types';
import { formatPrice, unknownMark } from './number-format';

/** The states in which an order may still be executed. */
export const workingStatuses = ['pending', 'submitted', 'accepted', 'partial', 'unknown'] satisfies OrderStatus[];

export function isWorking({ status }: Pick<Order, 'status'>): boolean {
  return workingStatuses.some((working) => working === status);
}

/** The price it waits for: limit, trigger or both; a market order has none. */
export function priceAsked({ price, stop_price }: Pick<Order, 'price' | 'stop_price'>): string {
  const parts = [
    stop_price === null ? '' : `stop ${formatPrice(stop_price)}`,
    price === null ? '' : formatPrice(price),
  ];
  return parts.filter(Boolean).join(' / ') || unknownMark;
}
