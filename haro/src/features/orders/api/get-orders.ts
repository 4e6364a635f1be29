import { usePagedRows } from '../../../components/data-table/paged-rows';
import type { Order, OrderStatus, Page } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';

export interface OrderFilter {
  run?: string;
  status?: OrderStatus;
  symbol?: string;
  side?: 'buy' | 'sell';
  /** When they were created, from (inclusive) to (exclusive). */
  start?: string;
  end?: string;
}

/** Every list of orders across runs; one page is `[...ordersKey, filter, { page, pageSize }]`. */
export const ordersKey = ['orders', 'list'] as const;

function fetchOrders(filter: OrderFilter, page: number, pageSize: number, signal: AbortSignal): Promise<Page<Order>> {
  const { run, ...others } = filter;
  const query = { ...others, ...(run !== undefined && { run_id: run }), page, page_size: pageSize };
  return answerOf(api.GET('/api/v1/orders', { params: { query }, signal }));
}

export function usePagedOrders(filter: OrderFilter) {
  return usePagedRows<Order>({
    queryKey: [...ordersKey, filter],
    fetchPage: (page, pageSize, signal) => fetchOrders(filter, page, pageSize, signal),
  });
}
