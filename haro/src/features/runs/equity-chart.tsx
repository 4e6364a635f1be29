import { useComputedColorScheme } from '@mantine/core';
import {
  BaselineSeries,
  createChart,
  type IChartApi,
  type ISeriesApi,
  type MouseEventParams,
  type UTCTimestamp,
} from 'lightweight-charts';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Decimal, EquityPoint } from '../../lib/api-types';
import { formatMoney } from '../../lib/number-format';
import { formatMinute } from '../../lib/time-format';
import classes from './equity-chart.module.css';
import { toChartPoints, type ChartPoint } from './equity-series';

interface EquityChartProps {
  /** At least one. */
  points: EquityPoint[];
  /** Above this the curve is a gain, below it a loss. */
  initialCash: Decimal | null;
}

interface Drawing {
  chart: IChartApi;
  series: ISeriesApi<'Baseline'>;
}

export function EquityChart({ points, initialCash }: EquityChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const scheme = useComputedColorScheme('dark');
  const data = useMemo(() => toChartPoints(points), [points]);
  const baseline = Number(initialCash ?? points[0]?.equity ?? 0);

  useEffect(() => {
    if (frame.current === null) return;
    const chart = createChart(frame.current, { autoSize: true });
    const series = chart.addSeries(BaselineSeries, {
      lineWidth: 2,
      priceFormat: { type: 'custom', formatter: formatAxis },
    });
    chart.subscribeCrosshairMove(({ logical }: MouseEventParams) => {
      setHovered(logical ?? null);
    });
    drawing.current = { chart, series };
    return () => {
      drawing.current = null;
      chart.remove();
    };
  }, []);

  useEffect(() => {
    if (drawing.current !== null && frame.current !== null) paint(drawing.current, frame.current, baseline);
  }, [scheme, baseline]);

  useEffect(() => {
    if (drawing.current !== null) draw(drawing.current, data);
  }, [data]);

  const point = (data[hovered ?? -1] ?? data.at(-1))?.source;
  return (
    <figure className={classes.figure} aria-label={summary(points)}>
      <figcaption className={classes.legend}>
        <strong>{formatMoney(point?.equity)}</strong>
        <span>cash {formatMoney(point?.cash)}</span>
        <span>{formatMinute(point?.time)}</span>
      </figcaption>
      <div ref={frame} className={classes.canvas} />
    </figure>
  );
}

/** New points keep the curve in view as a whole, unless the reader has zoomed into a part of it. */
function draw({ chart, series }: Drawing, data: ChartPoint[]): void {
  const [timeScale, before] = [chart.timeScale(), series.data().length];
  const shown = timeScale.getVisibleLogicalRange();
  const whole = before === 0 || shown === null || (shown.from <= 1 && shown.to >= before - 2);
  series.setData(data.map(({ time, value }) => ({ time: time as UTCTimestamp, value })));
  if (whole && data.length > 0) {
    // a little air on both sides, or the first and the last date are cut
    const margin = data.length * 0.02;
    timeScale.setVisibleLogicalRange({ from: -margin, to: data.length - 1 + margin });
  }
}

function summary(points: EquityPoint[]): string {
  const [first, last] = [points[0], points.at(-1)];
  return `Equity from ${formatMoney(first?.equity)} at ${formatMinute(first?.time)} to ${formatMoney(last?.equity)} at ${formatMinute(last?.time)} UTC`;
}

const formatAxis = (price: number): string => price.toLocaleString('en-US', { maximumFractionDigits: 2 });

/** The chart draws on a canvas, which cannot read custom properties: they are read for it. */
function paint({ chart, series }: Drawing, frame: HTMLElement, baseline: number): void {
  const style = getComputedStyle(frame);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const quiet = colour('--w-line-soft');
  chart.applyOptions({
    layout: {
      background: { color: 'transparent' },
      textColor: colour('--w-dim'),
      fontFamily: style.fontFamily,
      attributionLogo: true,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: quiet } },
    rightPriceScale: { borderVisible: false },
    timeScale: { borderColor: colour('--w-line'), timeVisible: true, secondsVisible: false, minBarSpacing: 0.001 },
    crosshair: {
      vertLine: { labelBackgroundColor: colour('--w-chart-label') },
      horzLine: { labelBackgroundColor: colour('--w-chart-label') },
    },
  });
  const [up, down] = [colour('--w-up'), colour('--w-down')];
  series.applyOptions({
    baseValue: { type: 'price', price: baseline },
    topLineColor: up,
    topFillColor1: `${up}40`,
    topFillColor2: `${up}08`,
    bottomLineColor: down,
    bottomFillColor1: `${down}08`,
    bottomFillColor2: `${down}40`,
    priceLineVisible: false,
  });
}
