/** Where the report comes from, how long the run took, and whose charts these are. */
import { formatCount, formatRatio } from '../src/lib/number-format';
import { moment } from './moment';
import type { ReportData } from './report-data';

export function ReportFooter({ data: { run, result, weaver } }: { data: ReportData }) {
  return (
    <footer>
      <p>
        Run <code>{run.id}</code>, created {moment(run.created_at)}, completed {moment(result.completed_at)} UTC.
        Strategy {run.strategy_id} {run.strategy_version}, Weaver {weaver}.
      </p>
      <p>
        {formatCount(result.bars)} bars, {formatCount(result.orders)} orders, {formatCount(result.fills)} fills. Loading{' '}
        {formatRatio(result.load_seconds)} s, trading {formatRatio(result.engine_seconds)} s, recording{' '}
        {formatRatio(result.persist_seconds)} s.
      </p>
      <p>
        Made by Weaver's command line from the events of the run and the bars it traded. A backtest says what would have
        been under the rules above, not what will be. All times UTC.
      </p>
      <p>
        Charts:{' '}
        <a href="https://www.tradingview.com/" rel="noreferrer">
          TradingView Lightweight Charts™
        </a>
        , Copyright (c) 2026 TradingView, Inc.
      </p>
    </footer>
  );
}
