import { Button } from '@mantine/core';
import type { IChartApi, MouseEventParams } from 'lightweight-charts';
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { ZonedTime } from '../../../components/zoned-time';
import { formatPrice } from '../../../lib/number-format';
import type { Bar, Span } from './bars';
import { ChartFrame } from './chart-frame';
import { IndicatorReadings } from './indicator-readings';
import { PriceChartView, type Drawn } from './price-chart-view';
import classes from './price-chart.module.css';

/** Where to look: a moment and, if there is one, the fill there. */
export interface Focus {
  time: number;
  position: number | null;
}

interface PriceChartProps extends Drawn {
  symbol: string;
  /** The stretch around a focus, in seconds. */
  focusSpan: number;
  /** Whether the time axis tells seconds. */
  withSeconds?: boolean;
  focus: Focus | null;
  /** Told once the reader has come to rest somewhere. */
  onSpan?: (span: Span) => void;
  children?: ReactNode;
}

const restMs = 120;
// Nobody gets lost beyond the first or the last bar.
const timeScale = { timeVisible: true, minBarSpacing: 0.001, fixLeftEdge: true, fixRightEdge: true };

export function PriceChart({
  symbol,
  focusSpan,
  withSeconds = false,
  focus,
  onSpan,
  children,
  ...drawn
}: PriceChartProps) {
  const view = useRef<PriceChartView | null>(null);
  const listener = useRef(onSpan);
  const [hovered, setHovered] = useState<number | null>(null);
  const { bars, fills, holdings, lines, indicators, live } = drawn;

  const build = useCallback((chart: IChartApi) => {
    const made = new PriceChartView(chart);
    view.current = made;
    let timer: ReturnType<typeof setTimeout> | undefined;
    chart.timeScale().subscribeVisibleLogicalRangeChange(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const span = made.visibleSpan();
        if (span !== null) listener.current?.(span);
      }, restMs);
    });
    chart.subscribeCrosshairMove(({ logical }: MouseEventParams) => {
      setHovered(logical ?? null);
    });
    const dispose = () => {
      clearTimeout(timer);
      view.current = null;
    };
    return { paint: made.paint, dispose };
  }, []);

  useEffect(() => {
    listener.current = onSpan;
  }, [onSpan]);

  useEffect(() => {
    view.current?.show({ bars, fills, holdings, lines, indicators, live });
  }, [bars, fills, holdings, lines, indicators, live]);

  const hasBars = bars.length > 0;
  useEffect(() => {
    view.current?.point(focus?.position ?? null);
    if (focus === null || !hasBars) return;
    view.current?.showSpan({ from: focus.time - focusSpan / 2, to: focus.time + focusSpan / 2 });
  }, [focus, focusSpan, hasBars]);

  return (
    <figure
      className={classes.figure}
      data-fills={fills.length}
      aria-label={`Candles of ${symbol} with the run's fills`}
    >
      <figcaption className={classes.legend}>
        <Readings bar={bars[hovered ?? -1] ?? bars.at(-1)} />
        <IndicatorReadings lines={indicators} place={hovered} />
        <span className={classes.tools} role="group" aria-label="Zoom">
          {children}
          <Tool label="Zoom in" text="+" onClick={() => view.current?.zoom(0.5)} />
          <Tool label="Zoom out" text="−" onClick={() => view.current?.zoom(2)} />
          <Tool label="All bars" text="All" onClick={() => view.current?.showAll()} />
        </span>
      </figcaption>
      <ChartFrame
        className={classes.canvas}
        options={{ timeScale: { ...timeScale, secondsVisible: withSeconds } }}
        build={build}
      />
    </figure>
  );
}

function Tool({ label, text, onClick }: { label: string; text: string; onClick: () => void }) {
  return (
    <Button size="compact-xs" variant="default" aria-label={label} onClick={onClick}>
      {text}
    </Button>
  );
}

function Readings({ bar }: { bar: Bar | undefined }) {
  const readings: [string, number | undefined][] = [
    ['O', bar?.open],
    ['H', bar?.high],
    ['L', bar?.low],
    ['C', bar?.close],
  ];
  return (
    <>
      <span>{bar !== undefined && <ZonedTime at={new Date(bar.time * 1_000).toISOString()} seconds />}</span>
      {readings.map(([name, value]) => (
        <span key={name}>
          {name} <strong>{formatPrice(value)}</strong>
        </span>
      ))}
      <span>vol {bar?.volume.toLocaleString('en-US', { maximumFractionDigits: 2 })}</span>
    </>
  );
}
