import type { Fill, Trade } from '../../../lib/api-types';

type TradeSpan = Pick<Trade, 'symbol' | 'opened_at' | 'closed_at' | 'position'>;

/** The ids of the orders a trade was made of, in the order of their first fills. `fills`: oldest first. */
export function ordersOfTrade(fills: readonly Fill[], trade: TradeSpan): string[] {
  const [opened, closed] = [Date.parse(trade.opened_at), Date.parse(trade.closed_at)];
  const own = fills.filter(({ symbol, filled_at, position }) => {
    const at = Date.parse(filled_at);
    return symbol === trade.symbol && at >= opened && at <= closed && position <= trade.position;
  });
  return [...new Set(own.map(({ order_id }) => order_id))];
}
