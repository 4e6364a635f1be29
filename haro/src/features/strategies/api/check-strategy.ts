import { useMutation } from '@tanstack/react-query';
import { answerOf, api } from '../../../lib/api';
import type { StrategyCheck } from '../../../lib/api-types';

/** Longer than the server ever takes: it ends a check after a minute. */
const timeoutMs = 90_000;

function checkStrategy(name: string): Promise<StrategyCheck> {
  const signal = AbortSignal.timeout(timeoutMs);
  return answerOf(api.POST('/api/v1/strategies/{name}/check', { params: { path: { name } }, signal }));
}

/** On generated bars, with the parameters it has by itself. */
export function useCheckStrategy(name: string) {
  return useMutation({ mutationFn: () => checkStrategy(name) });
}
