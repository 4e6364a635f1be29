import { Button, Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import type { StrategyCheck } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import type { useCheckStrategy } from './api/check-strategy';
import classes from './strategy-check.module.css';

interface CheckProps {
  name: string;
  check: ReturnType<typeof useCheckStrategy>;
}

/** Asks for a check; it takes some ten seconds. */
export function CheckButton({ name, check }: CheckProps) {
  return (
    <Button
      size="xs"
      variant="default"
      aria-label={`Check ${name}`}
      loading={check.isPending}
      onClick={() => {
        check.mutate();
      }}
    >
      Check
    </Button>
  );
}

/** What came of the check that was asked for last; nothing before one was. */
export function CheckOutcome({ name, check }: CheckProps) {
  if (check.isIdle) return null;
  return (
    <div className={classes.outcome} role="status" aria-label={`Check of ${name}`}>
      {check.isPending && <PendingCheck />}
      {check.isError && <ErrorNotice title={`${name} could not be checked`} error={check.error} />}
      {check.isSuccess && <Verdicts found={check.data} />}
    </div>
  );
}

function PendingCheck() {
  return (
    <>
      <p className={classes.basis}>It is traded again and again on generated bars: this takes some ten seconds.</p>
      <Skeleton height={76} />
    </>
  );
}

const names: Record<StrategyCheck['verdicts'][number]['check'], string> = {
  look_ahead: 'Look-ahead',
  warm_up: 'Warm-up',
  determinism: 'Determinism',
  parameters: 'Parameters',
};

function Verdicts({ found }: { found: StrategyCheck }) {
  const { bars, orders, symbols, timeframe, verdicts } = found;
  return (
    <>
      <dl className={classes.verdicts}>
        {verdicts.map(({ check, outcome, message, notes }) => (
          <div key={check}>
            <dt>{names[check]}</dt>
            <dd className={classes[outcome]}>{outcome}</dd>
            <dd className={classes.message}>
              {message}
              {notes.map((note) => (
                <span key={note} className={classes.note}>
                  {note}
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <p className={classes.basis}>
        {formatCount(orders)} orders on {formatCount(bars)} generated bars of {timeframe} ({symbols.join(', ')}). To
        check it on a market: <code>weaver strategies check {found.strategy_id} --symbol … --timeframe …</code>
      </p>
    </>
  );
}
