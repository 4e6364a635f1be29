/** The addresses and their search parameters. Every page is loaded when it is wanted. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from '@tanstack/react-router';
import { EmptyState } from '../components/empty-state';
import { ErrorNotice } from '../components/error-notice';
import { alignments } from '../features/runs/comparison-curves';
import { runTabs } from '../features/runs/run-tabs';
import { orderSides, orderStatuses, runModes, runStatuses, sweepStatuses } from '../lib/api-types';
import { commaSeparated, instant, journalPlace, numberFromZero, oneOf, searchOf, text } from './routes/search';
import { Shell } from './shell';

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <EmptyState level={1} title="There is no such page">
      The menu above leads to those there are.
    </EmptyState>
  ),
});

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./routes/overview-route'), 'OverviewRoute'),
});

const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs',
  validateSearch: searchOf({ status: oneOf(runStatuses), mode: oneOf(runModes), strategy: text, tag: text }),
  component: lazyRouteComponent(() => import('./routes/runs-route'), 'RunsRoute'),
});

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs/$runId',
  validateSearch: searchOf({ tab: oneOf(runTabs), at: journalPlace }),
  component: lazyRouteComponent(() => import('./routes/run-route'), 'RunRoute'),
});

const compareRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/compare',
  validateSearch: searchOf({ runs: commaSeparated, align: oneOf(alignments) }),
  component: lazyRouteComponent(() => import('./routes/compare-route'), 'CompareRoute'),
});

const newRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/new',
  validateSearch: searchOf({ clone: text, strategy: text, symbol: text, timeframe: text }),
  component: lazyRouteComponent(() => import('./routes/new-route'), 'NewRoute'),
});

const sweepsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sweeps',
  validateSearch: searchOf({ status: oneOf(sweepStatuses), strategy: text }),
  component: lazyRouteComponent(() => import('./routes/sweeps-route'), 'SweepsRoute'),
});

const newSweepRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sweeps/new',
  validateSearch: searchOf({ strategy: text, symbol: text, timeframe: text }),
  component: lazyRouteComponent(() => import('./routes/new-sweep-route'), 'NewSweepRoute'),
});

const sweepRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sweeps/$sweepId',
  validateSearch: searchOf({ across: text, down: text, window: numberFromZero }),
  component: lazyRouteComponent(() => import('./routes/sweep-route'), 'SweepRoute'),
});

const ordersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/orders',
  validateSearch: searchOf({
    run: text,
    status: oneOf(orderStatuses),
    symbol: text,
    side: oneOf(orderSides),
    start: instant,
    end: instant,
  }),
  component: lazyRouteComponent(() => import('./routes/orders-route'), 'OrdersRoute'),
});

const strategiesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/strategies',
  validateSearch: searchOf({ q: text }),
  component: lazyRouteComponent(() => import('./routes/strategies-route'), 'StrategiesRoute'),
});

const dataRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data',
  validateSearch: searchOf({ q: text, symbol: text, timeframe: text }),
  component: lazyRouteComponent(() => import('./routes/data-route'), 'DataRoute'),
});

const systemRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/system',
  component: lazyRouteComponent(() => import('./routes/system-route'), 'SystemRoute'),
});

const routeTree = rootRoute.addChildren([
  overviewRoute,
  runsRoute,
  runRoute,
  compareRoute,
  newRoute,
  sweepsRoute,
  newSweepRoute,
  sweepRoute,
  ordersRoute,
  strategiesRoute,
  dataRoute,
  systemRoute,
]);

export function makeRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    scrollRestoration: true,
    defaultPreload: 'intent',
    defaultErrorComponent: ({ error }) => <ErrorNotice title="The page broke" error={error} />,
    ...(history && { history }),
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
