/** A trial's figure as it is shown: by what its name says of its unit. */
import { formatCount, formatMoney, formatPercent, formatRatio } from '../../lib/number-format';
import { isFraction, statisticLabel } from '../../lib/statistic-names';

const counts = new Set(['trades', 'orders', 'fills', 'total_trades', 'winning_trades', 'losing_trades']);
const money = new Set(['final_equity', 'total_pnl', 'fees_paid', 'slippage_paid', 'average_trade', 'expectancy']);

export function figureText(name: string, value: string | number | null | undefined): string {
  if (isFraction(name)) return formatPercent(value);
  if (counts.has(name)) return formatCount(value);
  return money.has(name) ? formatMoney(value) : formatRatio(value);
}

/** "sharpe_ratio" → "Sharpe ratio" */
export const figureLabel = statisticLabel;
