/** The new-run form's state: everything typed is kept as text until it is sent. */
import type { NewRun, Run, RunMode, StrategyEntry, SymbolCoverage } from '../../lib/api-types';
import { toFieldMinute, toFieldMinuteAfter } from '../../lib/time-format';
import { parameterFields } from '../../lib/parameter-fields';
import { costFields, limitFields, type Amounts } from './run-amounts';

export type FeeCurrency = '' | 'base' | 'quote';

export interface RunDraft {
  mode: RunMode;
  exchange: string;
  strategy: string;
  parameters: Record<string, string>;
  symbols: string[];
  timeframe: string;
  /** Of a backtest, as datetime-local fields in UTC. */
  start: string;
  end: string;
  /** Of a paper or live run. */
  warmupBars: string;
  cash: string;
  venue: NonNullable<NewRun['venue']>;
  volumeCap: string;
  costs: Amounts;
  /** In which currency a buy's fee is taken; empty: as the venue has it. */
  feeInBase: FeeCurrency;
  margin: boolean;
  leverage: string;
  maintenance: string;
  limits: Amounts;
  longOnly: boolean;
  flattenOnHalt: boolean;
  name: string;
  tags: string[];
  notes: string;
}

const blank: RunDraft = {
  mode: 'backtest',
  exchange: '',
  strategy: '',
  parameters: {},
  symbols: [],
  timeframe: '',
  start: '',
  end: '',
  warmupBars: '200',
  cash: '100000',
  venue: 'generic',
  volumeCap: '',
  costs: { commission_bps: '10' },
  feeInBase: '',
  margin: false,
  leverage: '',
  maintenance: '',
  limits: {},
  longOnly: false,
  flattenOnHalt: false,
  name: '',
  tags: [],
  notes: '',
};

/** What the address already says. */
export interface DraftWishes {
  strategy?: string;
  symbol?: string;
  timeframe?: string;
}

export function firstDraft(
  strategies: StrategyEntry[],
  coverage: SymbolCoverage[],
  wishes: DraftWishes = {},
): RunDraft {
  const loadable = strategies.filter(({ error }) => error === null);
  const strategy = loadable.find(({ name }) => name === wishes.strategy) ?? loadable[0];
  const ofSymbol = coverage.filter(({ symbol }) => wishes.symbol === undefined || symbol === wishes.symbol);
  const market = ofSymbol.find(({ timeframe }) => timeframe === wishes.timeframe) ?? ofSymbol[0];
  const draft = chooseStrategy(blank, strategy);
  if (market === undefined)
    return {
      ...draft,
      symbols: wishes.symbol === undefined ? [] : [wishes.symbol],
      timeframe: wishes.timeframe ?? '1h',
    };
  return chooseMarkets(draft, [market.symbol], market.timeframe, coverage);
}

export function chooseStrategy(draft: RunDraft, strategy: StrategyEntry | undefined): RunDraft {
  const fields = parameterFields(strategy?.parameters ?? null);
  const parameters = Object.fromEntries(fields.map((field) => [field.name, field.defaultText]));
  return { ...draft, strategy: strategy?.name ?? '', parameters };
}

/** Start and end follow the bars that all of the symbols have. */
export function chooseMarkets(
  draft: RunDraft,
  symbols: string[],
  timeframe: string,
  coverage: SymbolCoverage[],
): RunDraft {
  const chosen = { ...draft, symbols, timeframe };
  const markets = coverage.filter((market) => market.timeframe === timeframe && symbols.includes(market.symbol));
  const start = markets
    .map(({ start_time }) => start_time)
    .sort()
    .at(-1);
  const end = markets.map(({ end_time }) => end_time).sort()[0];
  if (start === undefined || end === undefined || start >= end) return chosen;
  return { ...chosen, start: toFieldMinute(start), end: toFieldMinuteAfter(end) };
}

/** Everything another run was told, to be changed and started anew. */
export function draftOf(run: Run): RunDraft {
  return {
    ...blank,
    mode: run.mode,
    exchange: run.exchange,
    strategy: run.strategy_id,
    parameters: textsOf(run.config),
    symbols: run.symbols,
    timeframe: run.timeframe,
    start: run.start_time === null ? '' : toFieldMinute(run.start_time),
    end: run.end_time === null ? '' : toFieldMinuteAfter(run.end_time),
    cash: run.initial_cash,
    venue: run.venue === 'alpaca' ? 'alpaca' : 'generic',
    volumeCap: run.volume_cap === '0' ? '' : run.volume_cap,
    costs: only(costFields, textsOf(run.costs)),
    feeInBase: run.costs.fee_in_base ? 'base' : 'quote',
    margin: run.account.kind === 'margin',
    leverage: run.account.kind === 'margin' ? run.account.leverage : '',
    maintenance: run.account.kind === 'margin' ? run.account.maintenance : '',
    limits: only(limitFields, textsOf(run.risk)),
    longOnly: run.risk.long_only === true,
    flattenOnHalt: run.risk.flatten_on_halt === true,
    name: run.name === '' ? '' : `${run.name} (copy)`,
    tags: run.tags,
    notes: run.notes,
  };
}

function textsOf(values: Record<string, unknown>): Record<string, string> {
  const known = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    known.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function only(fields: { name: string }[], values: Record<string, string>): Amounts {
  return Object.fromEntries(fields.flatMap(({ name }) => (name in values ? [[name, values[name] ?? '']] : [])));
}
