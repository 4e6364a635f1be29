import type {
  Candle,
  Envelope,
  Fill,
  Info,
  Order,
  Page,
  Run,
  StrategyEntry,
  SymbolCoverage,
} from '../src/lib/api-types';

export function aRun(changes: Partial<Run> = {}): Run {
  return {
    id: 'run-1',
    name: 'First try',
    strategy_id: 'sma_cross',
    strategy_version: '1.0.0',
    mode: 'backtest',
    status: 'completed',
    symbols: ['BTC/USD'],
    timeframe: '1h',
    exchange: 'simulated',
    config: { fast: 10 },
    initial_cash: '100000',
    costs: {
      commission_bps: '10',
      slippage_bps: '0',
      maker_bps: null,
      commission_per_unit: '0',
      commission_per_order: '0',
      fee_in_base: false,
      slippage_ticks: '0',
      slippage_impact: '0',
    },
    venue: 'generic',
    volume_cap: '0',
    account: { kind: 'cash', leverage: '1', maintenance: '0' },
    risk: {},
    start_time: '2024-01-01T00:00:00Z',
    end_time: '2024-02-01T00:00:00Z',
    created_at: '2024-03-01T10:00:00Z',
    started_at: null,
    stopped_at: null,
    progress: null,
    error: null,
    tags: [],
    notes: '',
    stats: { total_trades: 3, winning_trades: 2, total_pnl: '-1234.5', max_drawdown: '0.1', sharpe_ratio: '1.5' },
    position: 7,
    forked_from: null,
    ...changes,
  };
}

export function anOrder(changes: Partial<Order> = {}): Order {
  return {
    id: 'order-1',
    run_id: 'run-1',
    client_order_id: 'c-1',
    exchange_order_id: null,
    symbol: 'BTC/USD',
    side: 'buy',
    order_type: 'market',
    qty: '0.50000000',
    price: null,
    stop_price: null,
    trail: null,
    trail_percent: null,
    take_profit: null,
    stop_loss: null,
    time_in_force: 'gtc',
    filled_qty: '0.5',
    filled_avg_price: '42000.5',
    status: 'filled',
    cancel_requested: false,
    parent_id: null,
    tag: 'entry',
    reject_reason: null,
    created_at: '2024-01-01T05:00:00Z',
    submitted_at: null,
    filled_at: null,
    ...changes,
  };
}

export function aFill(changes: Partial<Fill> = {}): Fill {
  return {
    execution_id: 'x-1',
    run_id: 'run-1',
    order_id: 'order-1',
    symbol: 'BTC/USD',
    side: 'buy',
    qty: '0.5',
    price: '42000.5',
    fee: '1',
    base_fee: '0',
    slippage: '0',
    liquidity: 'taker',
    ambiguous: false,
    filled_at: '2024-01-01T05:00:00Z',
    position: 5,
    ...changes,
  };
}

export function anEvent(changes: Partial<Envelope> = {}): Envelope {
  return {
    id: 'run-1:1',
    kind: 'evt',
    type: 'run.started',
    version: 1,
    run_id: 'run-1',
    corr_id: null,
    causation_id: null,
    trace_id: null,
    ts: '2024-03-01T10:00:00Z',
    producer: 'supervisor',
    headers: {},
    payload: {},
    position: 7,
    ...changes,
  };
}

export function pageOf<Item>(items: Item[], changes: Partial<Page<Item>> = {}): Page<Item> {
  return { items, total: items.length, page: 1, page_size: 50, next_cursor: null, ...changes };
}

export const smaCross: StrategyEntry = {
  name: 'sma_cross',
  class_name: 'SmaCross',
  version: '1.0.0',
  author: '',
  source: 'bundled',
  error: null,
  description: 'Long while the fast average is above the slow one.',
  parameters: {
    type: 'object',
    properties: {
      fast: { type: 'integer', minimum: 2, maximum: 200, default: 10, description: 'bars in the fast average' },
      slow: { type: 'integer', minimum: 3, default: 30 },
      quantity: { type: 'string', format: 'decimal', exclusiveMinimum: 0, default: '1' },
      long_only: { type: 'boolean', default: true },
    },
  },
};

export const hourlyBitcoin: SymbolCoverage = {
  symbol: 'BTC/USD',
  timeframe: '1h',
  bars: 744,
  source: 'csv',
  start_time: '2024-01-01T00:00:00Z',
  end_time: '2024-01-31T23:59:30Z',
};

export function aCandle(changes: Partial<Candle> = {}): Candle {
  return {
    symbol: 'BTC/USD',
    timeframe: '1h',
    timestamp: '2024-01-01T00:00:00Z',
    open: '42000',
    high: '42100',
    low: '41900',
    close: '42050.5',
    volume: '12.5',
    trade_count: null,
    ...changes,
  };
}

export function anInfo(changes: Partial<Info> = {}): Info {
  return {
    version: '0.1.0',
    python: '3.13.0',
    modes: ['backtest', 'paper', 'live'],
    exchanges: ['simulated'],
    journal_position: 7,
    epoch: 'e1',
    ...changes,
  };
}
