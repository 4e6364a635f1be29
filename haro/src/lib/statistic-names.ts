/** What the names of statistics say: their labels, their units, and what belongs together. */
const fractions = new Set([
  ...['total_return', 'buy_and_hold_return', 'cagr', 'alpha', 'best_day', 'worst_day', 'volatility', 'max_drawdown'],
  ...['value_at_risk_95', 'conditional_value_at_risk_95', 'exposure', 'win_rate', 'ambiguous_share'],
  ...['average_mae', 'worst_mae', 'average_mfe', 'best_mfe'],
]);
/** drawdown_1 is the deepest, drawdown_1_start and so on tell of it. */
export const rankedDrawdown = /^drawdown_(\d+)$/;

export function isFraction(name: string): boolean {
  return fractions.has(name) || rankedDrawdown.test(name);
}

const upper = new Map([
  ['pnl', 'PnL'],
  ['cagr', 'CAGR'],
  ['sqn', 'SQN'],
  ['mae', 'MAE'],
  ['mfe', 'MFE'],
]);

/** "profit_factor" → "Profit factor" */
export function statisticLabel(name: string): string {
  const words = name.split('_').map((word) => upper.get(word) ?? word);
  const [first = '', ...rest] = words;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ');
}

/** Groups in the order of reading; what is in none comes last. */
export const statisticGroups: [title: string, names: string[]][] = [
  ['Return', ['total_return', 'total_pnl', 'cagr', 'buy_and_hold_return', 'alpha', 'best_day', 'worst_day']],
  [
    'Risk',
    [
      ...['volatility', 'sharpe_ratio', 'sortino_ratio', 'calmar_ratio', 'value_at_risk_95'],
      ...['conditional_value_at_risk_95', 'skew', 'kurtosis', 'beta', 'exposure'],
    ],
  ],
  [
    'Drawdown',
    [
      ...['max_drawdown', 'max_drawdown_start', 'max_drawdown_trough'],
      ...['max_drawdown_recovery', 'max_drawdown_duration'],
    ],
  ],
  [
    'Trades',
    [
      ...['total_trades', 'winning_trades', 'losing_trades', 'win_rate', 'profit_factor', 'payoff_ratio', 'expectancy'],
      ...['sqn', 'average_trade', 'average_win', 'average_loss', 'best_trade', 'worst_trade', 'average_trade_duration'],
      ...['longest_trade_duration', 'longest_winning_streak', 'longest_losing_streak', 'average_mae', 'worst_mae'],
      ...['average_mfe', 'best_mfe', 'ambiguous_share', 'open_positions'],
    ],
  ],
  ['Costs and turnover', ['fees_paid', 'slippage_paid', 'turnover']],
];
