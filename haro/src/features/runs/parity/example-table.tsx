import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { DataColumn } from '../../../components/data-table/data-column';
import { DataTable } from '../../../components/data-table/data-table';
import { SignedMoney } from '../../../components/signed-money';
import { ZonedTime } from '../../../components/zoned-time';
import type { ParityExample } from '../../../lib/api-types';
import { useTimeZone, type TimeZone } from '../../../lib/time-zone';
import classes from './parity.module.css';
import { causeWords, sideText, type Cause } from './parity-words';

interface Asking {
  /** Asks why the run has an order. */
  onWhy: (orderId: string) => void;
}

interface ExampleTableProps extends Asking {
  cause: Cause;
  examples: ParityExample[];
}

/** The differences of one cause, the largest first, with both sides. */
export function ExampleTable({ cause, examples, onWhy }: ExampleTableProps) {
  const zone = useTimeZone();
  const columns = useMemo(() => exampleColumns(cause, zone, onWhy), [cause, zone, onWhy]);
  return (
    <DataTable
      label={`${causeWords[cause].title}: examples`}
      columns={columns}
      rows={examples}
      rowKey={exampleKey}
      card={(example) => <ExampleCard cause={cause} example={example} zone={zone} onWhy={onWhy} />}
      cardHeight={124}
      maxHeight="24rem"
      inPanel
      testId={`examples-${cause}`}
    />
  );
}

const exampleKey = ({ at, symbol, order_id, amount }: ParityExample) => `${at} ${symbol} ${order_id} ${amount}`;

function exampleColumns(cause: Cause, zone: TimeZone, onWhy: ExampleTableProps['onWhy']): DataColumn<ParityExample>[] {
  const at: DataColumn<ParityExample> = {
    id: 'at',
    header: cause === 'data' ? 'Bar' : 'Decided',
    ofTime: true,
    width: 10.5,
    grow: 0,
    cell: (example) => <ZonedTime at={example.at} seconds />,
  };
  const columns: DataColumn<ParityExample>[] = [
    at,
    { id: 'symbol', header: 'Symbol', width: 5.5, grow: 0, cell: ({ symbol }) => symbol },
    {
      id: 'amount',
      header: 'Amount',
      width: 6,
      grow: 0,
      numeric: true,
      cell: (one) => <SignedMoney value={one.amount} />,
    },
    { id: 'live', header: 'Run', width: 15, cell: ({ live }) => <Told text={sideText(cause, live, zone)} /> },
    {
      id: 'backtest',
      header: cause === 'data' ? 'Store' : 'Backtest',
      width: 15,
      cell: ({ backtest }) => <Told text={sideText(cause, backtest, zone)} />,
    },
  ];
  if (cause === 'data') return columns.filter(({ id }) => id !== 'amount');
  return [
    ...columns,
    { id: 'why', header: 'Why', headerHidden: true, width: 5, grow: 0, numeric: true, cell: whyCell(onWhy) },
  ];
}

const whyCell = (onWhy: ExampleTableProps['onWhy']) =>
  function WhyCell(example: ParityExample) {
    return <WhyButton example={example} onWhy={onWhy} />;
  };

/** An order that only the backtest placed is not in the journal: nobody can be asked about it. */
function WhyButton({ example: { live, order_id: orderId }, onWhy }: { example: ParityExample } & Asking) {
  if (live === null || orderId === null) return null;
  return (
    <Button
      size="compact-xs"
      variant="default"
      onClick={() => {
        onWhy(orderId);
      }}
    >
      Why?
    </Button>
  );
}

const Told = ({ text }: { text: string }) => <span title={text}>{text}</span>;

interface ExampleCardProps extends Asking {
  cause: Cause;
  example: ParityExample;
  zone: TimeZone;
}

function ExampleCard({ cause, example, zone, onWhy }: ExampleCardProps) {
  const { at, symbol, amount, live, backtest } = example;
  return (
    <div className={classes.card}>
      <span>
        {symbol}{' '}
        <span className={classes.dim}>
          <ZonedTime at={at} seconds />
        </span>
      </span>
      {cause !== 'data' && (
        <span className={classes.amount}>
          <SignedMoney value={amount} /> <WhyButton example={example} onWhy={onWhy} />
        </span>
      )}
      <span className={classes.side}>
        <span className={classes.dim}>run</span> {sideText(cause, live, zone)}
      </span>
      <span className={classes.side}>
        <span className={classes.dim}>{cause === 'data' ? 'store' : 'backtest'}</span> {sideText(cause, backtest, zone)}
      </span>
    </div>
  );
}
