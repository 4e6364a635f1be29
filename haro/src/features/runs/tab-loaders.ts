/** What each tab of a run's page shows, by its part of the page: loaded when it is first opened, or ahead of that. */
import type { ComponentType } from 'react';
import type { RunTab, TabProps } from './run-tabs';

type Loader = () => Promise<{ default: ComponentType<TabProps> }>;

export const tabLoaders: Record<RunTab, Loader> = {
  overview: async () => ({ default: (await import('./tabs/overview-tab')).OverviewTab }),
  chart: async () => ({ default: (await import('./tabs/chart-tab')).ChartTab }),
  trades: async () => ({ default: (await import('./tabs/trades-tab')).TradesTab }),
  orders: async () => ({ default: (await import('./tabs/orders-tab')).OrdersTab }),
  positions: async () => ({ default: (await import('./tabs/positions-tab')).PositionsTab }),
  periods: async () => ({ default: (await import('./tabs/periods-tab')).PeriodsTab }),
  stats: async () => ({ default: (await import('./tabs/stats-tab')).StatsTab }),
  events: async () => ({ default: (await import('./tabs/events-tab')).EventsTab }),
  decisions: async () => ({ default: (await import('./tabs/decisions-tab')).DecisionsTab }),
  log: async () => ({ default: (await import('./tabs/log-tab')).LogTab }),
  'time-travel': async () => ({ default: (await import('./tabs/time-travel-tab')).TimeTravelTab }),
  parity: async () => ({ default: (await import('./tabs/parity-tab')).ParityTab }),
  config: async () => ({ default: (await import('./tabs/config-tab')).ConfigTab }),
};
