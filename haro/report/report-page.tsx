/** The whole report, in the order of reading. */
import { useRef, useState } from 'react';
import { formatCount } from '../src/lib/number-format';
import { CandleChart } from './candle-chart';
import { chooseScheme, useScheme } from './colour-scheme';
import { DrawdownsTable } from './drawdowns-table';
import { EquityChart } from './equity-chart';
import { HeadlineFigures } from './headline-figures';
import { day, wholeSpan } from './moment';
import { moneyPlaces } from './money';
import { MonthlyTable } from './monthly-table';
import { OpenPositions } from './open-positions';
import type { Candles, ReportData, TradeRow } from './report-data';
import { ReportFooter } from './report-footer';
import { reportTitle } from './report-title';
import { RunSettings } from './run-settings';
import { Section } from './section';
import { drawdownRows } from './statistic-format';
import { StatisticsTable } from './statistics-table';
import { TradesTable } from './trades-table';

export function ReportPage({ data }: { data: ReportData }) {
  const { run, result, candles, trades } = data;
  const market = useRef<HTMLDivElement>(null);
  const [symbol, setSymbol] = useState(candles[0]?.symbol ?? '');
  const [wanted, setWanted] = useState<TradeRow | null>(null);
  const scheme = useScheme();
  const other = scheme === 'dark' ? 'light' : 'dark';
  const places = moneyPlaces(run.initial_cash);
  const drawn = candles.find((one) => one.symbol === symbol);
  const drawdowns = drawdownRows(data.statistics);

  return (
    <>
      <header className="top">
        <div>
          <h1>{reportTitle(run)}</h1>
          <p>
            {day(result.start_time)} to {day(result.end_time)} · {formatCount(result.bars)} bars
            {run.name !== '' && <> · {run.name}</>}
            {run.tags.map((tag) => (
              <span key={tag} className="tag">
                {tag}
              </span>
            ))}
          </p>
        </div>
        <div className="buttons screen-only">
          <button
            type="button"
            onClick={() => {
              chooseScheme(other);
            }}
          >
            {other === 'dark' ? 'Dark' : 'Light'}
          </button>
          <button
            type="button"
            onClick={() => {
              window.print();
            }}
          >
            Print
          </button>
        </div>
      </header>
      <main>
        <HeadlineFigures data={data} />
        <Section title="Equity and drawdown" note={equityNote(data.equity.times.length, data.equity_points)}>
          <EquityChart data={data} />
        </Section>
        {drawn !== undefined && (
          <div ref={market}>
            <Section title="Market and trades" note={candleNote(drawn, run.symbols.length, candles.length)}>
              {candles.length > 1 && (
                <label className="screen-only symbol-choice">
                  Symbol{' '}
                  <select
                    value={symbol}
                    onChange={(event) => {
                      setSymbol(event.target.value);
                      setWanted(null);
                    }}
                  >
                    {candles.map((one) => (
                      <option key={one.symbol}>{one.symbol}</option>
                    ))}
                  </select>
                </label>
              )}
              <CandleChart key={symbol} candles={drawn} wanted={wanted} />
            </Section>
          </div>
        )}
        <Section
          title="Monthly returns"
          note="Equity at a month's last recorded point against the month before, calendar months in UTC; the first and the last month may be cut by the range."
        >
          <MonthlyTable years={data.years} />
        </Section>
        <Section title="How it was run">
          <RunSettings data={data} />
        </Section>
        {drawdowns.length > 0 && (
          <Section title="Deepest drawdowns">
            <DrawdownsTable rows={drawdowns} places={places} />
          </Section>
        )}
        <Section title="Statistics">
          <StatisticsTable statistics={data.statistics} places={places} />
        </Section>
        {data.open_positions.length > 0 && (
          <Section title="Open at the end" note="Not closed: marked at the last close.">
            <OpenPositions positions={data.open_positions} places={places} />
          </Section>
        )}
        <Section title="Trades" note={tradesNote(trades.length, result.trades)}>
          {trades.length > 0 && (
            <TradesTable
              trades={trades}
              places={places}
              charted={new Set(candles.map((one) => one.symbol))}
              onShow={(trade) => {
                setSymbol(trade.symbol);
                setWanted(trade);
                market.current?.scrollIntoView({ block: 'start' });
              }}
            />
          )}
        </Section>
      </main>
      <ReportFooter data={data} />
    </>
  );
}

export function equityNote(drawn: number, recorded: number): string {
  const points =
    drawn <= recorded
      ? `${formatCount(drawn)} of the ${formatCount(recorded)} points of the curve that the run recorded`
      : `The initial cash and the ${formatCount(recorded)} points of the curve that the run recorded`;
  return `${points}, each at the close of a bar; figures and statistics are of every bar.`;
}

export function candleNote(candles: Candles, symbols: number, drawn: number): string {
  const each = `${candles.symbol}: one candle is ${wholeSpan(candles.seconds)}, ${formatCount(candles.times.length)} candles of ${formatCount(candles.bars)} bars.`;
  const marked = candles.marked.length;
  const trades =
    candles.trades === 0
      ? 'No trade was closed.'
      : marked === candles.trades
        ? `All ${formatCount(marked)} closed trades are marked.`
        : `Marked are ${formatCount(marked)} of ${formatCount(candles.trades)} closed trades, those with the largest gain or loss.`;
  const symbolsNote = drawn < symbols ? ` ${drawn} of ${symbols} symbols are drawn.` : '';
  return `${each} ${trades} Arrows point up at a buy, down at a sell.${symbolsNote}`;
}

export function tradesNote(shown: number, all: number): string {
  if (all === 0) return 'No trade was closed.';
  const which =
    shown < all ? `The last ${formatCount(shown)} of ${formatCount(all)} trades` : `All ${formatCount(all)} trades`;
  return `${which}, newest first. A trade is a position from flat to flat; PnL is after fees.`;
}
