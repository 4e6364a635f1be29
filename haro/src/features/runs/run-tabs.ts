/** The parts of a run's page, in their order: the values of `?tab=`. */
import type { Run } from '../../lib/api-types';

export const runTabs = [
  'overview',
  'chart',
  'trades',
  'orders',
  'positions',
  'periods',
  'stats',
  'events',
  'decisions',
  'log',
  'time-travel',
  'parity',
  'config',
] as const;

export type RunTab = (typeof runTabs)[number];

/** A backtest has nothing to be held against: it is one. */
export const tabsOf = ({ mode }: Pick<Run, 'mode'>): RunTab[] =>
  runTabs.filter((tab) => tab !== 'parity' || mode !== 'backtest');

/** What of a run's page is in its address. */
export interface RunPlace {
  tab: RunTab;
  /** A place in the journal, position or instant: what the chart points at, and what time travel shows. */
  at: number | string | null;
}

export interface TabProps {
  run: Run;
  at: RunPlace['at'];
  /** Goes to another tab, or to another place in this one: an address of its own. */
  onPlace: (place: RunPlace) => void;
}
