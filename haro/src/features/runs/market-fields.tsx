import { NativeSelect, TextInput } from '@mantine/core';
import type { SymbolCoverage } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { formatDay } from '../../lib/time-format';
import type { BacktestDraft, Problems } from './backtest-draft';

interface MarketFieldsProps {
  draft: BacktestDraft;
  problems: Problems;
  coverage: SymbolCoverage[];
  onMarket: (market: SymbolCoverage | undefined) => void;
  onEdit: (change: Partial<BacktestDraft>) => void;
}

/** Which bars, from when to when. */
export function MarketFields({ draft, problems, coverage, onMarket, onEdit }: MarketFieldsProps) {
  const symbols = [...new Set(coverage.map((market) => market.symbol))];
  const ofSymbol = coverage.filter((market) => market.symbol === draft.symbol);
  const chosen = ofSymbol.find((market) => market.timeframe === draft.timeframe);
  return (
    <>
      <NativeSelect
        label="Symbol"
        name="symbol"
        data={symbols}
        value={draft.symbol}
        error={problems.symbol}
        onChange={(event) => {
          const symbol = event.currentTarget.value;
          const markets = coverage.filter((market) => market.symbol === symbol);
          onMarket(markets.find((market) => market.timeframe === draft.timeframe) ?? markets[0]);
        }}
      />
      <NativeSelect
        label="Timeframe"
        name="timeframe"
        data={ofSymbol.map((market) => market.timeframe)}
        value={draft.timeframe}
        description={chosen && coverageText(chosen)}
        onChange={(event) => {
          onMarket(ofSymbol.find((market) => market.timeframe === event.currentTarget.value));
        }}
      />
      <MinuteField label="Start (UTC)" name="start" value={draft.start} problem={problems.start} onEdit={onEdit} />
      <MinuteField label="End (UTC)" name="end" value={draft.end} problem={problems.end} onEdit={onEdit} />
    </>
  );
}

function coverageText({ bars, start_time, end_time }: SymbolCoverage): string {
  return `${formatCount(bars)} bars, ${formatDay(start_time)} to ${formatDay(end_time)}`;
}

interface MinuteFieldProps {
  label: string;
  name: 'start' | 'end';
  value: string;
  problem: string | undefined;
  onEdit: (change: Partial<BacktestDraft>) => void;
}

function MinuteField({ label, name, value, problem, onEdit }: MinuteFieldProps) {
  return (
    <TextInput
      type="datetime-local"
      label={label}
      name={name}
      value={value}
      error={problem}
      onChange={(event) => {
        onEdit({ [name]: event.currentTarget.value });
      }}
    />
  );
}
