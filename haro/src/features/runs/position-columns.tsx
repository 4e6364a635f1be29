import { SignedMoney } from '../../components/signed-money';
import { UtcTime } from '../../components/utc-time';
import type { Position } from '../../lib/api-types';
import { formatCount, formatMoney, formatPrice, formatQuantity, unknownMark } from '../../lib/number-format';
import type { Column } from './record-table';

export const positionColumns: Column<Position>[] = [
  { title: 'Symbol', cell: ({ symbol }) => symbol },
  { title: 'Side', cell: ({ side }) => side ?? 'flat' },
  { title: 'Quantity', numeric: true, cell: ({ quantity }) => formatQuantity(quantity) },
  { title: 'Average price', numeric: true, cell: ({ average_price }) => formatPrice(average_price) },
  { title: 'Cost', numeric: true, cell: ({ cost }) => formatMoney(cost) },
  { title: 'Realised PnL', numeric: true, cell: ({ realised_pnl }) => <SignedMoney value={realised_pnl} /> },
  { title: 'Fees', numeric: true, cell: ({ fees }) => formatMoney(fees) },
  { title: 'Trades', numeric: true, cell: ({ trades }) => formatCount(trades) },
  { title: 'Last price', numeric: true, cell: ({ last_fill_price }) => formatPrice(last_fill_price) },
  { title: 'Last fill', cell: ({ last_fill_at }) => <UtcTime at={last_fill_at} seconds /> },
  { title: 'Opened', cell: ({ opened_at }) => (opened_at === null ? unknownMark : <UtcTime at={opened_at} seconds />) },
];
