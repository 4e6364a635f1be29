import { NativeSelect, TagsInput } from '@mantine/core';
import type { SymbolCoverage } from '../../lib/api-types';
import { useTimeZone } from '../../lib/time-zone';
import { checkCoverage, type CoverageFinding } from './coverage-check';
import { DraftMoment, DraftText, type DraftProps } from './draft-fields';
import classes from './run-form.module.css';

export const timeframes = ['1s', '5s', '15s', '30s', '1m', '5m', '15m', '30m', '1h', '4h', '1d'] as const;

interface MarketFieldsProps extends DraftProps {
  coverage: SymbolCoverage[];
  onMarkets: (symbols: string[], timeframe: string) => void;
}

/** Which bars, from when to when, and whether they are there. */
export function MarketFields({ draft, problems, onEdit, coverage, onMarkets }: MarketFieldsProps) {
  const shared = { draft, problems, onEdit };
  const zone = useTimeZone();
  const stored = new Set(coverage.filter(({ symbol }) => draft.symbols.includes(symbol)).map((one) => one.timeframe));
  return (
    <>
      <TagsInput
        label="Symbols"
        name="symbols"
        description="Enter adds one."
        data={[...new Set(coverage.map(({ symbol }) => symbol))]}
        value={draft.symbols}
        error={problems.symbols}
        acceptValueOnBlur
        onChange={(symbols) => {
          onMarkets(symbols, draft.timeframe);
        }}
      />
      <NativeSelect
        label="Timeframe"
        name="timeframe"
        data={timeframes.map((value) => ({ value, label: stored.has(value) ? `${value} (stored)` : value }))}
        value={draft.timeframe}
        onChange={(event) => {
          onMarkets(draft.symbols, event.currentTarget.value);
        }}
      />
      {draft.mode === 'backtest' ? (
        <>
          <DraftMoment {...shared} label="Start" name="start" />
          <DraftMoment {...shared} label="End" name="end" />
        </>
      ) : (
        <DraftText
          {...shared}
          label="Warm-up bars"
          name="warmupBars"
          inputMode="numeric"
          hint="History the strategy sees before its first decision."
        />
      )}
      <CoverageNotice findings={checkCoverage(draft, coverage, zone)} />
    </>
  );
}

function CoverageNotice({ findings }: { findings: CoverageFinding[] }) {
  if (findings.length === 0) return null;
  return (
    <ul className={classes.coverage} aria-label="Stored bars" aria-live="polite">
      {findings.map(({ symbol, severity, text, command }) => (
        <li key={symbol} data-severity={severity}>
          <strong>{symbol}</strong> {text}
          {command !== undefined && severity !== 'fine' && <code className={classes.command}>{command}</code>}
        </li>
      ))}
    </ul>
  );
}
