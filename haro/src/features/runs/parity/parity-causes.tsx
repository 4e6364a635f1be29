import { useCallback, useState } from 'react';
import { SignedMoney } from '../../../components/signed-money';
import type { Parity, Run } from '../../../lib/api-types';
import { formatCount, unknownMark } from '../../../lib/number-format';
import type { TabProps } from '../run-tabs';
import { OrderWhy } from '../why/why-drawer';
import { ExampleTable } from './example-table';
import classes from './parity.module.css';
import { causeRows, causeWords, type CauseRow } from './parity-words';

interface ParityCausesProps {
  run: Run;
  report: Parity;
  onPlace: TabProps['onPlace'];
}

/** Every cause with what it adds; those that have examples open. */
export function ParityCauses({ run, report, onPlace }: ParityCausesProps) {
  const [asked, setAsked] = useState<string | null>(null);
  const onWhy = useCallback((orderId: string) => {
    setAsked(orderId);
  }, []);
  return (
    <>
      <div className={classes.heading} aria-hidden="true">
        <span className={classes.line}>
          <span>Cause</span>
          <span className={classes.count}>Count</span>
          <span className={classes.amount}>Amount</span>
        </span>
      </div>
      <ul className={classes.causes} aria-label="Causes of the difference">
        {causeRows(report).map((row) => (
          <li key={row.cause} data-testid={`cause-${row.cause}`}>
            {row.examples.length > 0 ? <Opened row={row} onWhy={onWhy} /> : <CauseLine row={row} />}
          </li>
        ))}
      </ul>
      <OrderWhy
        orderId={asked}
        run={run}
        onPlace={onPlace}
        onClose={() => {
          setAsked(null);
        }}
      />
    </>
  );
}

function Opened({ row, onWhy }: { row: CauseRow; onWhy: (orderId: string) => void }) {
  const [open, setOpen] = useState(false);
  const { cause, count, examples } = row;
  return (
    <details
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary className={classes.summary}>
        <CauseLine row={row} />
      </summary>
      {open && <ExampleTable cause={cause} examples={examples} onWhy={onWhy} />}
      {count !== null && count > examples.length && (
        <p className={classes.more}>
          The {formatCount(examples.length)} largest of {formatCount(count)}.
        </p>
      )}
    </details>
  );
}

function CauseLine({ row: { cause, count, amount } }: { row: CauseRow }) {
  const { title, meaning } = causeWords[cause];
  return (
    <span className={classes.line} data-nothing={count === 0 || undefined}>
      <span>
        <strong>{title}</strong> <span className={classes.dim}>{meaning}</span>
      </span>
      <span className={classes.count} data-counted={count !== null || undefined}>
        {count === null ? unknownMark : formatCount(count)}
      </span>
      <span className={classes.amount}>{cause === 'data' ? unknownMark : <SignedMoney value={amount} />}</span>
    </span>
  );
}
