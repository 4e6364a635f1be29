/** The parts of a run's page, in their order: the values of `?tab=`. */
export const runTabs = [
  'overview',
  'chart',
  'trades',
  'orders',
  'positions',
  'periods',
  'stats',
  'events',
  'log',
  'time-travel',
  'config',
] as const;

export type RunTab = (typeof runTabs)[number];
