/** The lists of a run: their keys, and how a page of each is asked for. Pages count from 1. */
import type { Decision, LogLine, Order, OrderStatus, Page, Position, Trade } from '../../../lib/api-types';
import { answerOf, api } from '../../../lib/api';
import { runOrdersKey } from './get-run-orders';

const ofRun = (runId: string) => ({ run_id: runId });

type PageOf<Item> = (page: number, pageSize: number, signal: AbortSignal) => Promise<Page<Item>>;

export interface OrderFilter {
  status?: OrderStatus;
  symbol?: string;
  side?: 'buy' | 'sell';
}

export const filteredOrdersKey = (runId: string, filter: OrderFilter) => [...runOrdersKey(runId), 'filtered', filter];

export function ordersOf(runId: string, filter: OrderFilter): PageOf<Order> {
  return (page, page_size, signal) => {
    const params = { path: ofRun(runId), query: { ...filter, page, page_size } };
    return answerOf(api.GET('/api/v1/runs/{run_id}/orders', { params, signal }));
  };
}

export interface TradeFilter {
  symbol?: string;
  side?: 'long' | 'short';
}

export const runTradesKey = (runId: string) => ['runs', 'trades', runId] as const;

export function tradesOf(runId: string, filter: TradeFilter): PageOf<Trade> {
  return (page, page_size, signal) => {
    const params = { path: ofRun(runId), query: { ...filter, page, page_size } };
    return answerOf(api.GET('/api/v1/runs/{run_id}/trades', { params, signal }));
  };
}

export const runPositionsKey = (runId: string) => ['runs', 'positions', runId] as const;

export function positionsOf(runId: string, state: 'open' | 'flat' | 'all'): PageOf<Position> {
  return (page, page_size, signal) => {
    const params = { path: ofRun(runId), query: { state, page, page_size } };
    return answerOf(api.GET('/api/v1/runs/{run_id}/positions', { params, signal }));
  };
}

export const runDecisionsKey = (runId: string) => ['runs', 'decisions', runId] as const;

export function decisionsOf(runId: string): PageOf<Decision> {
  return (page, page_size, signal) => {
    const params = { path: ofRun(runId), query: { page, page_size } };
    return answerOf(api.GET('/api/v1/runs/{run_id}/decisions', { params, signal }));
  };
}

export const runLogKey = (runId: string) => ['runs', 'log', runId] as const;

/** Lines are listed oldest first. */
export function fetchLogPage(
  runId: string,
  page: number,
  size: number,
  text: string,
  signal: AbortSignal,
): Promise<Page<LogLine>> {
  const query = { page, page_size: size, ...(text !== '' && { text }) };
  return answerOf(api.GET('/api/v1/runs/{run_id}/log', { params: { path: ofRun(runId), query }, signal }));
}
