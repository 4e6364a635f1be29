/** The addresses: `/`, `/new` and `/runs/:id`. All but the first page are loaded when they are wanted. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from '@tanstack/react-router';
import { EmptyState } from '../components/empty-state';
import { ErrorNotice } from '../components/error-notice';
import { RunsRoute } from './runs-route';
import { Shell } from './shell';

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <EmptyState level={1} title="There is no such page">
      The menu above leads to those there are.
    </EmptyState>
  ),
});

interface RunsSearch {
  page?: number;
}

const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: ({ page }: Record<string, unknown>): RunsSearch =>
    typeof page === 'number' && Number.isInteger(page) && page > 1 ? { page } : {},
  component: RunsRoute,
});

const newRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/new',
  component: lazyRouteComponent(() => import('./new-route'), 'NewRoute'),
});

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs/$runId',
  component: lazyRouteComponent(() => import('./run-route'), 'RunRoute'),
});

const routeTree = rootRoute.addChildren([runsRoute, newRoute, runRoute]);

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
