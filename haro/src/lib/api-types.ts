/**
 * The server's answers, written by hand until its OpenAPI schema exists; types generated from that schema replace this file.
 * `Decimal` and `Timestamp` stay strings everywhere: money is formatted, never computed with floats.
 */
export type Decimal = string;
export type Timestamp = string;

export type RunMode = 'backtest' | 'paper' | 'live';
export type RunStatus = 'pending' | 'running' | 'paused' | 'stopped' | 'completed' | 'error';
export type OrderStatus =
  'pending' | 'submitted' | 'accepted' | 'partial' | 'filled' | 'cancelled' | 'rejected' | 'expired' | 'unknown';

export interface Page<Item> {
  items: Item[];
  total: number | null;
  page: number | null;
  page_size: number;
  next_cursor: string | null;
}

export interface RunSummaryStats {
  total_trades: number | null;
  winning_trades: number | null;
  total_pnl: Decimal | null;
  max_drawdown: Decimal | null;
  sharpe_ratio: Decimal | null;
}

export interface RunError {
  code?: string | null;
  message?: string | null;
  traceback?: string | null;
}

export interface Run {
  id: string;
  name: string | null;
  strategy_id: string;
  strategy_version: string | null;
  mode: RunMode;
  status: RunStatus;
  symbols: string[];
  timeframe: string;
  exchange: string | null;
  config: Record<string, unknown>;
  initial_cash: Decimal | null;
  costs: Record<string, unknown> | null;
  risk: Record<string, unknown> | null;
  start_time: Timestamp | null;
  end_time: Timestamp | null;
  created_at: Timestamp;
  started_at: Timestamp | null;
  stopped_at: Timestamp | null;
  progress: number | Decimal | null;
  error: RunError | null;
  tags: string[];
  notes: string | null;
  stats: RunSummaryStats | null;
  position: number;
}

/** A statistic says what it is based on, or why there is none. */
export type Figure = { value: Decimal | number; basis?: string } | { value: null; reason?: string };
export type RunFigures = Record<string, Figure | undefined>;

export interface EquityPoint {
  time: Timestamp;
  equity: Decimal;
  cash: Decimal;
}

export interface Order {
  id: string;
  run_id: string;
  client_order_id: string;
  symbol: string;
  side: 'buy' | 'sell';
  order_type: 'market' | 'limit' | 'stop' | 'stop_limit' | 'trailing_stop';
  qty: Decimal;
  price: Decimal | null;
  stop_price: Decimal | null;
  time_in_force: string;
  filled_qty: Decimal;
  filled_avg_price: Decimal | null;
  status: OrderStatus;
  tag: string | null;
  reject_reason: string | null;
  created_at: Timestamp;
  submitted_at: Timestamp | null;
  filled_at: Timestamp | null;
  fees?: Decimal | null;
}

export interface JsonSchemaProperty {
  type?: string | string[];
  format?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number | Decimal;
  maximum?: number | Decimal;
  exclusiveMinimum?: number | Decimal;
  exclusiveMaximum?: number | Decimal;
  anyOf?: JsonSchemaProperty[];
}

export interface ParameterSchema {
  type?: string;
  properties?: Record<string, JsonSchemaProperty>;
  required?: string[];
}

export interface StrategyEntry {
  name: string;
  description: string | null;
  parameters: ParameterSchema | null;
}

export interface SymbolCoverage {
  symbol: string;
  timeframe: string;
  bars: number;
  start_time: Timestamp;
  end_time: Timestamp;
}

export interface NewBacktest {
  mode: 'backtest';
  strategy_id: string;
  symbols: string[];
  timeframe: string;
  start_time: Timestamp;
  end_time: Timestamp;
  initial_cash: Decimal;
  config: Record<string, unknown>;
  costs: { commission_bps: Decimal };
}

export interface ErrorBody {
  code: string;
  message: string;
  details: unknown;
  correlation_id: string | null;
  timestamp: Timestamp | null;
}
