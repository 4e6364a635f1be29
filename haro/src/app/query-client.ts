import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../lib/api-error';

const retries = 2;

/** A refusal stays a refusal; only silence and a troubled server are asked again. */
function isWorthRetrying(failures: number, error: unknown): boolean {
  const transient = error instanceof ApiError && (error.status === 0 || error.status >= 500);
  return transient && failures < retries;
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // The server is usually this very machine: the browser being "offline" says nothing about it.
      queries: { networkMode: 'always', staleTime: 5_000, retry: isWorthRetrying },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}
