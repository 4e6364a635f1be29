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

interface ExampleTableProps {
  cause: Cause;
  examples: ParityExample[];
  /** Asks why the run has an order. */
  onWhy: (orderId: string) => void;
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
      card={(example) => <ExampleCard cause={cause} example={example} zone={zone} />}
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
  return [...columns, { id: 'why', header: 'Why', headerHidden: true, width: 4.5, grow: 0, cell: whyCell(onWhy) }];
}

/** An order that only the backtest placed is not in the journal: nobody can be asked about it. */
const whyCell = (onWhy: ExampleTableProps['onWhy']) =>
  function WhyCell({ live, order_id: orderId }: ParityExample) {
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
  };

const Told = ({ text }: { text: string }) => <span title={text}>{text}</span>;

function ExampleCard({ cause, example, zone }: { cause: Cause; example: ParityExample; zone: TimeZone }) {
  const { at, symbol, amount, live, backtest } = example;
  return (
    <div className={classes.card}>
      <span>
        {symbol}{' '}
        <span className={classes.dim}>
          <ZonedTime at={at} seconds />
        </span>
      </span>
      {cause !== 'data' && <SignedMoney value={amount} />}
      <span className={classes.side}>
        <span className={classes.dim}>run</span> {sideText(cause, live, zone)}
      </span>
      <span className={classes.side}>
        <span className={classes.dim}>{cause === 'data' ? 'store' : 'backtest'}</span> {sideText(cause, backtest, zone)}
      </span>
    </div>
  );
}
