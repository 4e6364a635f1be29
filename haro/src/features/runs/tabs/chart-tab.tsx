import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Panel } from '../../../components/panel';
import { TimesIn } from '../../../components/zoned-time';
import type { Envelope } from '../../../lib/api-types';
import { useEventAt } from '../api/get-event-at';
import { secondsOf } from '../chart/bars';
import { StoredBarsChart } from '../chart/stored-bars-chart';
import { TapeChart } from '../chart/tape-chart';
import type { TabProps } from '../run-tabs';
import classes from './chart-tab.module.css';

/** The market with what the run did in it. `at` points at an event: its moment comes into view. */
export function ChartTab({ run, at }: TabProps) {
  const pointed = useEventAt(run.id, typeof at === 'number' ? at : null);
  const event = pointed.data ?? null;
  const [chosen, setChosen] = useState<string | null>(null);
  const symbol = chosen ?? symbolOf(event) ?? run.symbols[0] ?? '';
  const focus = useMemo(() => {
    if (typeof at === 'string') return { time: secondsOf(at), position: null };
    return event === null ? null : { time: momentOf(event), position: event.position };
  }, [at, event]);
  const Chart = run.mode === 'backtest' ? StoredBarsChart : TapeChart;
  const switcher = run.symbols.length > 1 && (
    <SegmentedControl
      size="xs"
      data={run.symbols}
      value={symbol}
      onChange={setChosen}
      aria-label="Symbol"
      className={classes.symbols ?? ''}
    />
  );
  return (
    <Panel title={`${symbol} · ${run.timeframe}`} aside={switcher || <TimesIn />}>
      <Chart key={`${run.id} ${symbol}`} run={run} symbol={symbol} focus={focus} />
    </Panel>
  );
}

const symbolOf = (event: Envelope | null): string | null =>
  typeof event?.payload.symbol === 'string' ? event.payload.symbol : null;

/** The market's time of an event, which for a backtest is years before its recording. */
function momentOf({ payload, ts }: Envelope): number {
  return secondsOf(typeof payload.at === 'string' ? payload.at : ts);
}
