/** Working orders as lines on the chart. */
import type { Order } from '../../../lib/api-types';
import { formatQuantity } from '../../../lib/number-format';

export interface OrderLine {
  id: string;
  price: number;
  side: 'buy' | 'sell';
  title: string;
}

/** A line for each price an order waits at: its limit, its stop. Market orders wait at none. */
export function orderLines(orders: readonly Order[], symbol: string): OrderLine[] {
  return orders
    .filter((order) => order.symbol === symbol)
    .flatMap(({ id, side, qty, price, stop_price, order_type }) => {
      const prices: [string, string | null][] = [
        ['limit', price],
        [order_type === 'trailing_stop' ? 'trail' : 'stop', stop_price],
      ];
      return prices
        .filter((entry): entry is [string, string] => entry[1] !== null)
        .map(([kind, at]) => ({
          id: `${id} ${kind}`,
          price: Number(at),
          side,
          title: `${side} ${formatQuantity(qty)} ${kind}`,
        }));
    });
}
