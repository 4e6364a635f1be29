/** From the form to what the server is sent, or what is wrong with which field. */
import type { NewRun, StrategyEntry, Timeframe } from '../../lib/api-types';
import { compareDecimals, parseDecimal } from '../../lib/decimal';
import { fromFieldMinute } from '../../lib/time-format';
import { parameterFields, readParameter } from '../../lib/parameter-fields';
import { costFields, limitFields, readAmounts } from './run-amounts';
import type { RunDraft } from './run-draft';

/** Field name → what is wrong with it; parameters as "parameters.<name>". */
export type Problems = Record<string, string>;
export type DraftReading = { ok: true; run: NewRun } | { ok: false; problems: Problems };

export const mostWarmupBars = 5_000;

export function readDraft(draft: RunDraft, strategy: StrategyEntry | undefined): DraftReading {
  const problems: Problems = {};
  if (strategy === undefined) problems.strategy = 'Choose a strategy.';
  if (draft.symbols.length === 0) problems.symbols = 'Choose a symbol.';
  if (!isPositive(draft.cash)) problems.cash = 'Must be a number above 0.';
  const span = draft.mode === 'backtest' ? readRange(draft, problems) : readWarmup(draft, problems);
  const config = readConfig(draft, strategy, problems);
  const costs = readAmounts('costs', costFields, draft.costs);
  const limits = readAmounts('limits', limitFields, draft.limits);
  const account = readAccount(draft, problems);
  const venue = readVenue(draft, problems);
  Object.assign(problems, costs.problems, limits.problems);
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  const risk = {
    ...limits.values,
    ...(draft.longOnly && { long_only: true }),
    ...(draft.flattenOnHalt && { flatten_on_halt: true }),
  };
  const run: NewRun = {
    mode: draft.mode,
    strategy_id: draft.strategy,
    symbols: draft.symbols,
    // One of those the form offers.
    timeframe: draft.timeframe as Timeframe,
    ...span,
    initial_cash: draft.cash.trim(),
    config,
    costs: { ...costs.values, ...(draft.feeInBase !== '' && { fee_in_base: draft.feeInBase === 'base' }) },
    ...venue,
    ...account,
    ...(Object.keys(risk).length > 0 && { risk }),
    ...labels(draft),
  };
  return { ok: true, run };
}

function readRange(draft: RunDraft, problems: Problems): Partial<NewRun> {
  const start_time = fromFieldMinute(draft.start);
  const end_time = fromFieldMinute(draft.end);
  if (start_time === null) problems.start = 'Needs a date and a time.';
  if (end_time === null) problems.end = 'Needs a date and a time.';
  else if (start_time !== null && start_time >= end_time) problems.end = 'Must be after the start.';
  return { start_time, end_time };
}

function readVenue(draft: RunDraft, problems: Problems): Partial<NewRun> {
  const cap = draft.volumeCap.trim();
  if (cap !== '' && !isPositive(cap)) problems.volumeCap = 'Must be a number above 0, or empty.';
  return { ...(draft.venue !== 'generic' && { venue: draft.venue }), ...(cap !== '' && { volume_cap: cap }) };
}

function readWarmup(draft: RunDraft, problems: Problems): Partial<NewRun> {
  const text = draft.warmupBars.trim();
  const bars = text === '' ? 0 : Number(text);
  if (!/^\d*$/.test(text) || bars > mostWarmupBars) problems.warmupBars = `Must be from 0 to ${mostWarmupBars}.`;
  return { warmup_bars: bars, ...(draft.exchange !== '' && { exchange: draft.exchange }) };
}

function readAccount(draft: RunDraft, problems: Problems): Partial<NewRun> {
  if (!draft.margin) return {};
  const given = { leverage: draft.leverage.trim(), maintenance: draft.maintenance.trim() };
  for (const [name, text] of Object.entries(given))
    if (text !== '' && !isPositive(text)) problems[name] = 'Must be a number above 0, or empty.';
  const numbers = Object.fromEntries(Object.entries(given).filter(([, text]) => text !== ''));
  return { account: { kind: 'margin', ...numbers } };
}

function labels({ name, tags, notes }: RunDraft): Partial<NewRun> {
  return {
    ...(name.trim() !== '' && { name: name.trim() }),
    ...(tags.length > 0 && { tags }),
    ...(notes.trim() !== '' && { notes: notes.trim() }),
  };
}

function isPositive(text: string): boolean {
  return parseDecimal(text) !== null && compareDecimals(text, '0') > 0;
}

function readConfig(
  draft: RunDraft,
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
