import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { ReportPage } from '../../report/report-page';
import { aReport, aTrade } from './sample-report';

// jsdom has no canvas: tests/system/test_html_report.py looks at the charts in a browser.
vi.mock('../../report/chart-frame', () => ({ ChartFrame: () => null, showRange: () => undefined }));

test('names of the run are text, whatever they hold', () => {
  const given = aReport();
  given.run.name = '<img src=x onerror=alert(1)>';
  const { container } = render(<ReportPage data={given} />);
  expect(screen.getByText(/<img src=x/)).toBeInTheDocument();
  expect(container.querySelector('img')).toBeNull();
});

test('every statistic shows its basis, an undefined one its reason', () => {
  render(<ReportPage data={aReport()} />);
  const basis = (name: string) => screen.getByText(name, { selector: 'th' }).closest('tr')?.lastElementChild;
  expect(basis('Sharpe ratio')).toHaveTextContent('undefined: 0.2 days: nothing is annualised under 30');
  expect(basis('Total PnL')).toHaveTextContent('as it is');
});

test('a run without a trade has neither table nor marks, and says so', () => {
  const [candles] = aReport().candles;
  if (candles === undefined) throw new Error('the sample has no candles');
  const given = aReport({ trades: [], candles: [{ ...candles, marked: [], trades: 0 }] });
  render(<ReportPage data={{ ...given, result: { ...given.result, trades: 0 } }} />);
  expect(screen.queryByRole('region', { name: 'Trades' })).toBeNull();
  expect(screen.getAllByText(/No trade was closed/)).toHaveLength(2);
});

test('positions still open are listed, at the last close', () => {
  const open = {
    symbol: 'BTC/USD',
    side: 'short',
    opened_at: 0,
    qty: '2',
    average_price: '10',
    last_price: '12',
    value: '-24',
  } as const;
  render(<ReportPage data={aReport({ open_positions: [open] })} />);
  const table = screen.getByRole('region', { name: 'Open positions' });
  expect(within(table).getByRole('row', { name: /short/ })).toHaveTextContent('-24.00');
});

test('the reader chooses the colours, and the choice stays', async () => {
  render(<ReportPage data={aReport()} />);
  const scheme = () => document.documentElement.getAttribute('data-mantine-color-scheme');
  expect(scheme()).toBe('light');
  await userEvent.click(screen.getByRole('button', { name: 'Dark' }));
  expect(scheme()).toBe('dark');
  window.dispatchEvent(new Event('beforeprint'));
  expect(scheme()).toBe('light');
  window.dispatchEvent(new Event('afterprint'));
  expect(scheme()).toBe('dark');
  await userEvent.click(screen.getByRole('button', { name: 'Light' }));
  expect(scheme()).toBe('light');
});

test('a trade leads to the chart of its symbol', async () => {
  const [first] = aReport().candles;
  if (first === undefined) throw new Error('the sample has no candles');
  const given = aReport({
    candles: [first, { ...first, symbol: 'ETH/USD' }],
    trades: [aTrade({ number: 2, symbol: 'ETH/USD' }), aTrade({ symbol: 'SOL/USD' })],
  });
  Element.prototype.scrollIntoView = vi.fn();
  render(<ReportPage data={given} />);
  const table = screen.getByRole('region', { name: 'Trades' });
  expect(within(table).getAllByRole('button')).toHaveLength(1);
  await userEvent.click(within(table).getByRole('button', { name: '2' }));
  expect(screen.getByRole('combobox', { name: 'Symbol' })).toHaveValue('ETH/USD');
});
