import { MantineProvider } from '@mantine/core';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { DataColumn } from '../../src/components/data-table/data-column';
import { DataTable } from '../../src/components/data-table/data-table';
import { chooseTimeZone } from '../../src/lib/time-zone';

interface Trade {
  id: string;
  symbol: string;
  pnl: number | null;
}

const columns: DataColumn<Trade>[] = [
  { id: 'symbol', header: 'Symbol', cell: ({ symbol }) => symbol, sortValue: ({ symbol }) => symbol },
  { id: 'pnl', header: 'PnL', numeric: true, cell: ({ pnl }) => pnl ?? '—', sortValue: ({ pnl }) => pnl },
];
const trades: Trade[] = [
  { id: 'a', symbol: 'BTC/USD', pnl: 5 },
  { id: 'b', symbol: 'ETH/USD', pnl: null },
  { id: 'c', symbol: 'SPY', pnl: -10 },
];
const rowKey = ({ id }: Trade) => id;

function show(table: Partial<Parameters<typeof DataTable<Trade>>[0]> = {}) {
  return render(
    <MantineProvider>
      <DataTable label="Trades" columns={columns} rows={trades} rowKey={rowKey} {...table} />
    </MantineProvider>,
  );
}

const bodyRows = () => screen.getAllByRole('row').slice(1);
const symbols = () => bodyRows().map((row) => within(row).getAllByRole('cell')[0]?.textContent);

test('it is a table to those who listen to it, with all its rows counted', () => {
  show();
  expect(screen.getByRole('table', { name: 'Trades' })).toHaveAttribute('aria-rowcount', '4');
  expect(bodyRows()).toHaveLength(3);
  expect(bodyRows()[2]).toHaveAttribute('aria-rowindex', '4');
});

test('of a hundred thousand rows only those in view are in the document', () => {
  const many = Array.from({ length: 100_000 }, (_, at) => ({ id: String(at), symbol: 'BTC/USD', pnl: at }));
  const onNeed = vi.fn();
  show({ rows: many, onNeed });
  expect(screen.getByRole('table')).toHaveAttribute('aria-rowcount', '100001');
  expect(bodyRows().length).toBeLessThan(60);
  expect(onNeed.mock.lastCall?.[0]).toMatchObject({ start: 0 });
});

test('a heading sorts, says so, and leaves what is unknown at the end', async () => {
  show();
  const heading = screen.getByRole('columnheader', { name: 'PnL' });
  expect(heading).toHaveAttribute('aria-sort', 'none');
  await userEvent.click(within(heading).getByRole('button'));
  expect(heading).toHaveAttribute('aria-sort', 'descending');
  expect(symbols()).toEqual(['BTC/USD', 'SPY', 'ETH/USD']);
  await userEvent.click(within(heading).getByRole('button'));
  expect(symbols()).toEqual(['SPY', 'BTC/USD', 'ETH/USD']);
});

test('a row that is not loaded is a blank one, and the order of the server stays', () => {
  show({ rows: { length: 3, at: (index) => (index === 1 ? trades[1] : undefined) } });
  expect(bodyRows()[0]).toHaveAttribute('aria-busy', 'true');
  expect(bodyRows()[1]).toHaveTextContent('ETH/USD');
  expect(screen.queryByRole('button', { name: 'PnL' })).not.toBeInTheDocument();
});

test('the arrow keys move from row to row, Enter opens, Space selects', async () => {
  const onOpen = vi.fn();
  const onChange = vi.fn();
  show({ onOpen, selection: { selected: new Set(), onChange }, rowName: ({ symbol }) => symbol });
  bodyRows()[0]?.focus();
  await userEvent.keyboard('{ArrowDown}');
  expect(bodyRows()[1]).toHaveFocus();
  await userEvent.keyboard('{Enter} ');
  expect(onOpen).toHaveBeenCalledExactlyOnceWith(trades[1]);
  expect(onChange).toHaveBeenCalledExactlyOnceWith(new Set(['b']));
  await userEvent.keyboard('{End}');
  expect(bodyRows()[2]).toHaveFocus();
  await userEvent.click(screen.getByRole('checkbox', { name: 'Select SPY' }));
  expect(onChange).toHaveBeenLastCalledWith(new Set(['c']));
  expect(onOpen).toHaveBeenCalledOnce();
});

test('without rows its place is taken by what explains it', () => {
  show({ rows: [], empty: <p>Nothing was traded.</p> });
  expect(screen.getByText('Nothing was traded.')).toBeVisible();
  expect(screen.queryByRole('table')).not.toBeInTheDocument();
});

test('a column of times says in which zone they are, and says another one when that is chosen', async () => {
  const times: DataColumn<Trade>[] = [{ id: 'at', header: 'Closed', ofTime: true, cell: ({ symbol }) => symbol }];
  show({ columns: times });
  expect(screen.getByRole('columnheader', { name: 'Closed (UTC)' })).toBeVisible();
  act(() => {
    chooseTimeZone('exchange');
  });
  expect(await screen.findByRole('columnheader', { name: 'Closed (New York)' })).toBeVisible();
  act(() => {
    chooseTimeZone('utc');
  });
});

test('who reads further down stays where they are while rows come in at the top', () => {
  const scrollBy = vi.fn();
  Element.prototype.scrollBy = scrollBy;
  const table = (rows: Trade[]) => (
    <MantineProvider>
      <DataTable label="Trades" columns={columns} rows={rows} rowKey={rowKey} rowHeight={30} growsAtTop />
    </MantineProvider>
  );
  const { rerender } = render(table(trades));
  rerender(table([{ id: 'd', symbol: 'QQQ', pnl: 1 }, ...trades]));
  expect(scrollBy).not.toHaveBeenCalled();
  screen.getByRole('table').scrollTop = 90;
  rerender(table([...trades, { id: 'd', symbol: 'QQQ', pnl: 1 }, { id: 'e', symbol: 'IWM', pnl: 1 }, ...trades]));
  expect(scrollBy).toHaveBeenCalledExactlyOnceWith(0, 120);
});
