/** What a report is made of, as interfaces/html_report.py writes it. Decimals are text, times seconds since 1970 UTC. */
import type { Decimal } from '../src/lib/api-types';

export type Setting = string | number | boolean | null;

export interface ReportedRun {
  id: string;
  name: string;
  strategy_id: string;
  strategy_version: string;
  mode: string;
  symbols: string[];
  timeframe: string;
  initial_cash: Decimal;
  parameters: Record<string, Setting>;
  /** How the market was simulated: venue, costs, account, limits; labels and values in the order of reading. */
  conditions: [label: string, value: string][];
  tags: string[];
  notes: string;
  created_at: number;
}

export interface Result {
  start_time: number;
  end_time: number;
  completed_at: number;
  bars: number;
  orders: number;
  fills: number;
  trades: number;
  final_equity: Decimal;
  load_seconds: number;
  engine_seconds: number;
  persist_seconds: number;
}

export interface Statistic {
  name: string;
  value: string | number | null;
  basis: string | null;
  reason: string | null;
}

/** Columns of equal length, oldest first. drawdown: below the highest point so far, as a fraction, zero or less. */
export interface EquityColumns {
  times: number[];
  equity: Decimal[];
  drawdown: number[];
  /** What buying the first symbol at its first close would have made of the cash; null before that close. */
  hold: (number | null)[];
}

/** Returns by calendar month, January first, as fractions; null for a month without a point of the curve, or without a return. */
export interface Year {
  year: number;
  months: (number | null)[];
  whole: number | null;
}

export interface TradeRow {
  number: number;
  symbol: string;
  side: 'long' | 'short';
  opened_at: number;
  closed_at: number;
  qty: Decimal;
  entry_price: Decimal;
  exit_price: Decimal;
  pnl: Decimal;
  fees: Decimal;
}

export interface OpenPosition {
  symbol: string;
  side: 'long' | 'short';
  opened_at: number;
  qty: Decimal;
  average_price: Decimal;
  last_price: Decimal;
  value: Decimal;
}

/** Columns of equal length, oldest first. seconds: how long one candle is; it may stand for several bars. */
export interface Candles {
  symbol: string;
  bars: number;
  seconds: number;
  times: number[];
  open: number[];
  high: number[];
  low: number[];
  close: number[];
  /** The trades that are marked, of so many. */
  marked: TradeRow[];
  trades: number;
}

export interface ReportData {
  weaver: string;
  run: ReportedRun;
  result: Result;
  statistics: Statistic[];
  equity: EquityColumns;
  /** How many points of the curve the run recorded. */
  equity_points: number;
  years: Year[];
  /** The first symbols of the run; all of them unless they are many. */
  candles: Candles[];
  /** The latest trades, newest first. */
  trades: TradeRow[];
  open_positions: OpenPosition[];
}

/** The data of this document; an error that says so where the file is a template nobody filled. */
export function readReportData(page: Document): ReportData {
  const given: unknown = JSON.parse(page.getElementById('report-data')?.textContent ?? 'null');
  if (typeof given !== 'object' || given === null) {
    throw new Error('This file is the empty template of a report. Make one with: weaver backtest … --report FILE.html');
  }
  return given as ReportData;
}
