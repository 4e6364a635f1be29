/** The new-backtest form's state and what it means: everything typed is kept as text until it is sent. */
import type { NewRun, StrategyEntry, SymbolCoverage, Timeframe } from '../../lib/api-types';
import { compareDecimals, parseDecimal } from '../../lib/decimal';
import { fromFieldMinute, toFieldMinute, toFieldMinuteAfter } from '../../lib/time-format';
import { parameterFields, readParameter } from '../../lib/parameter-fields';

export interface BacktestDraft {
  strategy: string;
  symbol: string;
  timeframe: string;
  start: string;
  end: string;
  cash: string;
  commissionBps: string;
  parameters: Record<string, string>;
}

/** Field name → what is wrong with it; parameters as "parameters.<name>". */
export type Problems = Record<string, string>;
export type DraftReading = { ok: true; backtest: NewRun } | { ok: false; problems: Problems };

export function firstDraft(strategies: StrategyEntry[], coverage: SymbolCoverage[]): BacktestDraft {
  const blank = {
    strategy: '',
    symbol: '',
    timeframe: '',
    start: '',
    end: '',
    cash: '100000',
    commissionBps: '10',
    parameters: {},
  };
  const withStrategy = chooseStrategy(blank, strategies[0]);
  return chooseMarket(withStrategy, coverage[0]);
}

export function chooseStrategy(draft: BacktestDraft, strategy: StrategyEntry | undefined): BacktestDraft {
  const fields = parameterFields(strategy?.parameters ?? null);
  const parameters = Object.fromEntries(fields.map((field) => [field.name, field.defaultText]));
  return { ...draft, strategy: strategy?.name ?? '', parameters };
}

/** Start and end follow the bars there are. */
export function chooseMarket(draft: BacktestDraft, market: SymbolCoverage | undefined): BacktestDraft {
  if (market === undefined) return draft;
  const start = toFieldMinute(market.start_time);
  const end = toFieldMinuteAfter(market.end_time);
  return { ...draft, symbol: market.symbol, timeframe: market.timeframe, start, end };
}

export function readDraft(draft: BacktestDraft, strategy: StrategyEntry | undefined): DraftReading {
  const problems: Problems = {};
  if (strategy === undefined) problems.strategy = 'Choose a strategy.';
  if (draft.symbol === '') problems.symbol = 'Choose a symbol.';
  const start_time = fromFieldMinute(draft.start);
  const end_time = fromFieldMinute(draft.end);
  if (start_time === null) problems.start = 'Needs a date and a time.';
  if (end_time === null) problems.end = 'Needs a date and a time.';
  else if (start_time !== null && start_time >= end_time) problems.end = 'Must be after the start.';
  noteDecimalProblems(draft, problems);
  const config = readConfig(draft, strategy, problems);
  if (start_time === null || end_time === null || Object.keys(problems).length > 0) return { ok: false, problems };
  const { symbol } = draft;
  // One of the timeframes the server itself lists with its bars.
  const timeframe = draft.timeframe as Timeframe;
  const costs = { commission_bps: draft.commissionBps.trim() };
  const market = { symbols: [symbol], timeframe, start_time, end_time };
  const backtest = {
    mode: 'backtest' as const,
    strategy_id: draft.strategy,
    ...market,
    initial_cash: draft.cash.trim(),
    config,
    costs,
  };
  return { ok: true, backtest };
}

function noteDecimalProblems(draft: BacktestDraft, problems: Problems): void {
  if (parseDecimal(draft.cash) === null || compareDecimals(draft.cash, '0') <= 0)
    problems.cash = 'Must be a number above 0.';
  if (parseDecimal(draft.commissionBps) === null || compareDecimals(draft.commissionBps, '0') < 0) {
    problems.commissionBps = 'Must be a number, at least 0.';
  }
}

function readConfig(
  draft: BacktestDraft,
  strategy: StrategyEntry | undefined,
  problems: Problems,
): NonNullable<NewRun['config']> {
  const config: NonNullable<NewRun['config']> = {};
  for (const field of parameterFields(strategy?.parameters ?? null)) {
    const reading = readParameter(field, draft.parameters[field.name] ?? '');
    if (!reading.ok) problems[`parameters.${field.name}`] = reading.problem;
    else if (reading.value !== undefined) config[field.name] = reading.value;
  }
  return config;
}
