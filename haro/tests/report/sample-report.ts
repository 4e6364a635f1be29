import type { ReportData, Statistic, TradeRow } from '../../report/report-data';

export const start = Date.UTC(2024, 0, 1) / 1_000;
export const hour = 3_600;

export function aTrade(changes: Partial<TradeRow> = {}): TradeRow {
  return {
    number: 1,
    symbol: 'BTC/USD',
    side: 'long',
    opened_at: start + hour,
    closed_at: start + 3 * hour,
    qty: '0.5',
    entry_price: '40000.5',
    exit_price: '40100',
    pnl: '49.75',
    fees: '0',
    ...changes,
  };
}

export function aStatistic(name: string, value: Statistic['value'], about: Partial<Statistic> = {}): Statistic {
  return {
    name,
    value,
    basis: value === null ? null : 'as it is',
    reason: value === null ? 'there is none' : null,
    ...about,
  };
}

export function aReport(changes: Partial<ReportData> = {}): ReportData {
  const times = [0, 1, 2, 3].map((at) => start + at * hour);
  return {
    weaver: '1.2.3',
    run: {
      id: '01900000-0000-7000-8000-000000000001',
      name: 'First try',
      strategy_id: 'sma_cross',
      strategy_version: '1.0',
      mode: 'backtest',
      symbols: ['BTC/USD'],
      timeframe: '1h',
      initial_cash: '100000',
      parameters: { fast: 10 },
      conditions: [['Commission', '10 bps']],
      tags: ['demo'],
      notes: '',
      created_at: start,
    },
    result: {
      start_time: start,
      end_time: start + 4 * hour,
      completed_at: start + 5 * hour,
      bars: 4,
      orders: 2,
      fills: 2,
      trades: 1,
      final_equity: '100049.75',
      load_seconds: 0.25,
      engine_seconds: 0.5,
      persist_seconds: 0.125,
    },
    statistics: [
      aStatistic('total_return', 0.0004975),
      aStatistic('total_pnl', '49.75'),
      aStatistic('sharpe_ratio', null, { reason: '0.2 days: nothing is annualised under 30' }),
    ],
    equity: {
      times,
      equity: ['100000', '100000', '100010', '100049.75'],
      drawdown: [0, 0, 0, 0],
      hold: [null, 1, 2, 3],
    },
    equity_points: 3,
    years: [{ year: 2024, months: [0.0004975, ...Array<null>(11).fill(null)], whole: 0.0004975 }],
    candles: [
      {
        symbol: 'BTC/USD',
        bars: 4,
        seconds: hour,
        times,
        open: [1, 2, 3, 4],
        high: [2, 3, 4, 5],
        low: [1, 2, 3, 4],
        close: [2, 3, 4, 4.5],
        marked: [aTrade()],
        trades: 1,
      },
    ],
    trades: [aTrade()],
    open_positions: [],
    ...changes,
  };
}
