import type { DataColumn } from '../../components/data-table/data-column';
import { RowCard } from '../../components/row-card';
import { SignedMoney } from '../../components/signed-money';
import { ZonedTime } from '../../components/zoned-time';
import type { Position } from '../../lib/api-types';
import { formatCount, formatMoney, formatPrice, formatQuantity, unknownMark } from '../../lib/number-format';
import classes from './run-list.module.css';

const columns: DataColumn<Position>[] = [
  { id: 'symbol', header: 'Symbol', width: 7, cell: ({ symbol }) => symbol },
  { id: 'side', header: 'Side', width: 4, grow: 0, cell: sideOf },
  { id: 'quantity', header: 'Quantity', width: 7, numeric: true, cell: ({ quantity }) => formatQuantity(quantity) },
  { id: 'average', header: 'Avg price', width: 7, numeric: true, cell: (held) => formatPrice(held.average_price) },
  { id: 'cost', header: 'Cost', width: 7, numeric: true, cell: ({ cost }) => formatMoney(cost) },
  {
    id: 'realised',
    header: 'Realised',
    width: 7,
    numeric: true,
    cell: (held) => <SignedMoney value={held.realised_pnl} />,
  },
  { id: 'fees', header: 'Fees', width: 5, numeric: true, cell: ({ fees }) => formatMoney(fees) },
  { id: 'trades', header: 'Trades', width: 4.5, numeric: true, cell: ({ trades }) => formatCount(trades) },
  { id: 'last', header: 'Last price', width: 7, numeric: true, cell: (held) => formatPrice(held.last_fill_price) },
  {
    id: 'last-fill',
    header: 'Last fill',
    ofTime: true,
    width: 10.5,
    grow: 0,
    cell: ({ last_fill_at }) => <ZonedTime at={last_fill_at} seconds />,
  },
  {
    id: 'opened',
    header: 'Opened',
    ofTime: true,
    width: 10.5,
    grow: 0,
    cell: ({ opened_at }) => (opened_at === null ? unknownMark : <ZonedTime at={opened_at} seconds />),
  },
];

function sideOf({ side }: Position): string {
  return side ?? 'flat';
}

function PositionCard(held: Position) {
  return (
    <RowCard>
      <span>
        {held.symbol} <span className={classes.dim}>{sideOf(held)}</span> {formatQuantity(held.quantity)}
      </span>
      <SignedMoney value={held.realised_pnl} />
      <span className={classes.dim}>
        at {formatPrice(held.average_price)}, cost {formatMoney(held.cost)}
      </span>
      <span className={classes.dim}>{formatCount(held.trades)} trades</span>
      <span className={classes.dim}>
        last fill <ZonedTime at={held.last_fill_at} />
      </span>
      <span className={classes.dim}>{formatPrice(held.last_fill_price)}</span>
    </RowCard>
  );
}

/** What a table of a run's positions looks like: spread it over a DataTable of positions. */
export const positionsLook = {
  columns,
  card: PositionCard,
  cardHeight: 76,
  rowKey: ({ symbol }: Position) => symbol,
};
