/** The new-sweep form's state, and what the server is sent of it; what all trials have in common is a run's draft. */
import type { NewRun, NewSweep, StrategyEntry } from '../../../lib/api-types';
import { readDraft, type Problems } from '../read-draft';
import type { RunDraft } from '../run-draft';

export interface SweepDraft {
  run: RunDraft;
  /** By parameter what it takes, as it is typed; empty for one that is not varied. */
  vary: Record<string, string>;
  method: NonNullable<NewSweep['method']>;
  trials: string;
  objective: string;
  direction: NonNullable<NewSweep['direction']>;
  constraints: string[];
  pruning: boolean;
  seed: string;
  /** In days; both empty for no walk. */
  inSample: string;
  outOfSample: string;
  anchored: boolean;
}

export function firstSweepDraft(run: RunDraft): SweepDraft {
  return {
    run,
    vary: {},
    method: 'grid',
    trials: '50',
    objective: 'sharpe_ratio',
    direction: 'maximize',
    constraints: [],
    pruning: false,
    seed: '',
    inSample: '',
    outOfSample: '',
    anchored: false,
  };
}

export type SweepReading = { ok: true; sweep: NewSweep } | { ok: false; problems: Problems };

const mostTrials = 10_000;

export function readSweep(draft: SweepDraft, strategy: StrategyEntry | undefined): SweepReading {
  const vary = variedOf(draft);
  const common = readDraft({ ...draft.run, mode: 'backtest', notes: '' }, strategy && without(strategy, vary));
  const problems: Problems = common.ok ? {} : common.problems;
  if (Object.keys(vary).length === 0) problems.vary = 'Give at least one parameter values to try.';
  const trials = readWhole(draft.trials, 1, mostTrials);
  if (draft.method !== 'grid' && trials === null) problems.trials = `Must be from 1 to ${mostTrials}.`;
  const seed = draft.seed.trim() === '' ? 0 : readWhole(draft.seed, 0, 2 ** 31 - 1);
  if (seed === null) problems.seed = 'Must be a whole number.';
  const walk = readWalk(draft, problems);
  if (!common.ok || Object.keys(problems).length > 0) return { ok: false, problems };
  const sweep: NewSweep = {
    ...withoutMode(common.run),
    vary,
    method: draft.method,
    ...(draft.method !== 'grid' && { trials }),
    objective: draft.objective,
    direction: draft.direction,
    ...(draft.constraints.length > 0 && { constraints: draft.constraints }),
    ...(draft.pruning && { pruning: true }),
    ...(seed !== null && seed > 0 && { seed }),
    ...walk,
  };
  return { ok: true, sweep };
}

/** A sweep is over history: the server takes no mode. */
function withoutMode(run: NewRun): Omit<NewRun, 'mode'> {
  const shared: Partial<NewRun> & Omit<NewRun, 'mode'> = { ...run };
  delete shared.mode;
  return shared;
}

/** How many combinations a grid has; null where that cannot be told from what is typed. */
export function combinationsOf(draft: SweepDraft): number | null {
  const counts = Object.values(variedOf(draft)).map(countOf);
  if (counts.length === 0) return null;
  return counts.reduce<number | null>(
    (product, count) => (product === null || count === null ? null : product * count),
    1,
  );
}

/** "5:20:5" are 4 values, "a,b,c" are 3. */
function countOf(values: string): number | null {
  if (!values.includes(':')) return values.split(',').length;
  const [low, high, step = 1, ...more] = values.split(':').map(Number);
  if (low === undefined || high === undefined || more.length > 0) return null;
  const count = Math.floor((high - low) / step + 1e-9) + 1;
  return Number.isFinite(count) && count > 0 ? count : null;
}

function variedOf({ vary }: SweepDraft): Record<string, string> {
  return Object.fromEntries(
    Object.entries(vary).flatMap(([name, values]) => (values.trim() === '' ? [] : [[name, values.trim()]])),
  );
}

/** What is varied has no value of its own. */
function without(strategy: StrategyEntry, vary: Record<string, string>): StrategyEntry {
  const properties = Object.entries(strategy.parameters?.properties ?? {}).filter(([name]) => !(name in vary));
  return { ...strategy, parameters: { ...strategy.parameters, properties: Object.fromEntries(properties) } };
}

function readWalk(draft: SweepDraft, problems: Problems): Pick<NewSweep, 'walk_forward'> {
  if (draft.inSample.trim() === '' && draft.outOfSample.trim() === '') return {};
  const [inSample, outOfSample] = [readWhole(draft.inSample, 1, 36_500), readWhole(draft.outOfSample, 1, 1_000)];
  if (inSample === null) problems.inSample = 'Must be from 1 to 36,500 days.';
  if (outOfSample === null) problems.outOfSample = 'Must be from 1 to 1,000 days.';
  if (inSample === null || outOfSample === null) return {};
  return { walk_forward: { in_sample: inSample, out_of_sample: outOfSample, anchored: draft.anchored } };
}

function readWhole(text: string, least: number, most: number): number | null {
  const trimmed = text.trim();
  const value = Number(trimmed);
  return /^\d+$/.test(trimmed) && value >= least && value <= most ? value : null;
}
