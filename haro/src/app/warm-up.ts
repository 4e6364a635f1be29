/** Loads the parts of the page that nobody has opened yet, once the first one is there. */
import type { makeRouter } from './router';

/** Nothing the first page asks for has to wait. */
const afterMs = 2_000;

/**
 * They open at once then, also while the server is away, or after it was upgraded and has only the newer parts.
 * What cannot be loaded now is loaded when it is wanted.
 */
export function warmUpLater(router: ReturnType<typeof makeRouter>): void {
  window.addEventListener('load', () => {
    setTimeout(() => void warmUp(router), afterMs);
  });
}

async function warmUp(router: ReturnType<typeof makeRouter>): Promise<void> {
  const pages = Object.values(router.routesById).map(async (route) => {
    await router.loadRouteChunk(route);
  });
  await Promise.allSettled(pages);
  const { tabLoaders } = await import('../features/runs/tab-loaders');
  await Promise.allSettled(Object.values(tabLoaders).map((load) => load()));
}
