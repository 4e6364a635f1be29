import { createMemoryHistory } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { App } from '../src/app/app';
import { makeQueryClient } from '../src/app/query-client';
import { makeRouter } from '../src/app/router';

/** The whole page at this address; queries do not retry, so that errors show at once. */
export function renderApp(path: string) {
  const client = makeQueryClient();
  client.setDefaultOptions({ queries: { networkMode: 'always', retry: false } });
  const router = makeRouter(createMemoryHistory({ initialEntries: [path] }));
  return { router, client, ...render(<App client={client} router={router} />) };
}
