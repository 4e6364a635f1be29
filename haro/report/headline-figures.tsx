/** The figures a reader wants first; those the run could not define say why. */
import { direction, formatRatio, unknownMark } from '../src/lib/number-format';
import { layOutDecimal } from '../src/lib/decimal';
import { money, moneyPlaces, signedMoney, signedPercent } from './money';
import type { ReportData, Statistic } from './report-data';
import { isFraction, writeStatistic } from './statistic-format';

const shown: [name: string, label: string, signed?: boolean][] = [
  ['total_return', 'Total return', true],
  ['total_pnl', 'Total PnL', true],
  ['buy_and_hold_return', 'Buy and hold', true],
  ['cagr', 'CAGR', true],
  ['sharpe_ratio', 'Sharpe'],
  ['max_drawdown', 'Max drawdown'],
  ['win_rate', 'Win rate'],
  ['profit_factor', 'Profit factor'],
];

interface Headline {
  label: string;
  text: string;
  signed: boolean;
  explanation: string | null;
}

export function headlines({ statistics, run, result }: ReportData): Headline[] {
  const places = moneyPlaces(run.initial_cash);
  const byName = new Map(statistics.map((statistic) => [statistic.name, statistic]));
  const figures = shown.flatMap(([name, label, signed = false]) => {
    const statistic = byName.get(name);
    if (statistic === undefined) return [];
    const explanation = statistic.value === null ? statistic.reason : statistic.basis;
    return [{ label, text: write(statistic, signed, places), signed, explanation }];
  });
  const trades = { label: 'Trades', text: layOutDecimal(String(result.trades), {}), signed: false, explanation: null };
  const final = { label: 'Final equity', text: money(result.final_equity, places), signed: false, explanation: null };
  return [final, ...figures, trades];
}

function write(statistic: Statistic, signed: boolean, places: number): string {
  const { name, value } = statistic;
  if (value === null) return unknownMark;
  if (typeof value === 'number' && !isFraction(name)) return formatRatio(value);
  if (!signed) return writeStatistic(statistic, places);
  return isFraction(name) ? signedPercent(Number(value)) : signedMoney(value, places);
}

export function HeadlineFigures({ data }: { data: ReportData }) {
  return (
    <dl className="headlines">
      {headlines(data).map(({ label, text, signed, explanation }) => (
        <div key={label} title={explanation ?? undefined}>
          <dt>{label}</dt>
          <dd data-direction={signed ? direction(text) : undefined}>{text}</dd>
          {text === unknownMark && explanation !== null && <dd className="reason">{explanation}</dd>}
        </div>
      ))}
    </dl>
  );
}
