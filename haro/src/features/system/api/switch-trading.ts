/** The kill switch: no paper or live run places an order while trading is halted. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answerOf, api, command } from '../../../lib/api';
import type { Risk, RiskChange } from '../../../lib/api-types';
import { notifyDone, notifyFailed } from '../../../lib/notify';
import { uniqueKey } from '../../../lib/unique-key';
import { riskKey } from './get-risk';

function halt(reason: string): Promise<RiskChange> {
  const body = reason === '' ? {} : { reason };
  return answerOf(api.POST('/api/v1/halt', { body, ...command(uniqueKey()) }));
}

function resume(): Promise<RiskChange> {
  return answerOf(api.POST('/api/v1/resume', { ...command(uniqueKey()) }));
}

export function useHalt() {
  const show = useShowRisk();
  return useMutation({
    mutationFn: halt,
    onSuccess: (change) => {
      show(change);
      // Without a position it is in force, but the journal could not be written yet.
      notifyDone(
        'Trading is halted',
        change.position === null
          ? 'It is in force, but could not be recorded yet: the database cannot be reached.'
          : 'No paper or live run places an order until you resume. Open orders are being cancelled.',
      );
    },
    onError: (error) => {
      notifyFailed('Trading was NOT halted', error);
    },
  });
}

export function useResume() {
  const show = useShowRisk();
  return useMutation({
    mutationFn: resume,
    onSuccess: (change) => {
      show(change);
      notifyDone('Trading is resumed');
    },
    onError: (error) => {
      notifyFailed('Trading was not resumed', error);
    },
  });
}

/** The answer is the truth: what was being asked meanwhile must not overwrite it. */
function useShowRisk(): (change: RiskChange) => void {
  const client = useQueryClient();
  return ({ halted, reason, halted_at }) => {
    void client.cancelQueries({ queryKey: riskKey }).then(() => {
      client.setQueryData<Risk>(riskKey, { halted, reason, halted_at });
    });
  };
}
