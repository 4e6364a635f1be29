/** Positions that were held when the bars ended. */
import { formatQuantity } from '../src/lib/number-format';
import { moment } from './moment';
import { money, price } from './money';
import type { OpenPosition } from './report-data';

const columns = ['Symbol', 'Side', 'Since', 'Quantity', 'Average price', 'Last close', 'Value'];

export function OpenPositions({ positions, places }: { positions: OpenPosition[]; places: number }) {
  return (
    <div className="scroll" role="region" aria-label="Open positions" tabIndex={0}>
      <table className="listing positions">
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
          {positions.map((position) => (
            <tr key={position.symbol}>
              <td>{position.symbol}</td>
              <td>{position.side}</td>
              <td>{moment(position.opened_at)}</td>
              <td>{formatQuantity(position.qty)}</td>
              <td>{price(position.average_price)}</td>
              <td>{price(position.last_price)}</td>
              <td>{money(position.value, places)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
