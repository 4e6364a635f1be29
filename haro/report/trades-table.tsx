/** Trades, newest first; a number leads to the trade on the chart. */
import { direction, formatQuantity } from '../src/lib/number-format';
import { moment, shortSpan } from './moment';
import { price, signedMoney, money } from './money';
import type { TradeRow } from './report-data';

interface TradesTableProps {
  trades: TradeRow[];
  places: number;
  /** Symbols that have a chart. */
  charted: Set<string>;
  onShow: (trade: TradeRow) => void;
}

// As many as report.css leaves on paper.
const printedTrades = 100;
// PnL stands where a phone shows it.
const columns = ['#', 'PnL', 'Symbol', 'Side', 'Opened', 'Closed', 'Held', 'Quantity', 'Entry', 'Exit', 'Fees'];

export function TradesTable({ trades, places, charted, onShow }: TradesTableProps) {
  return (
    <div className="scroll tall" role="region" aria-label="Trades" tabIndex={0}>
      <table className="listing trades">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {trades.map((trade) => {
            const pnl = signedMoney(trade.pnl, places);
            return (
              <tr key={trade.number}>
                <td>
                  {charted.has(trade.symbol) ? (
                    <button
                      type="button"
                      className="link"
                      title="Show on the chart"
                      onClick={() => {
                        onShow(trade);
                      }}
                    >
                      {trade.number}
                    </button>
                  ) : (
                    trade.number
                  )}
                </td>
                <td data-direction={direction(pnl)}>{pnl}</td>
                <td>{trade.symbol}</td>
                <td>{trade.side}</td>
                <td>{moment(trade.opened_at)}</td>
                <td>{moment(trade.closed_at)}</td>
                <td>{shortSpan(trade.closed_at - trade.opened_at)}</td>
                <td>{formatQuantity(trade.qty)}</td>
                <td>{price(trade.entry_price)}</td>
                <td>{price(trade.exit_price)}</td>
                <td>{money(trade.fees, places)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {trades.length > printedTrades && (
        <p className="note paper-only">
          Printed are the latest {printedTrades}; the file itself has all that are listed.
        </p>
      )}
    </div>
  );
}
