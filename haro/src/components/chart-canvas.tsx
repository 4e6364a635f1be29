/** A chart in the page's colours. Import what shows it lazily: the chart library is as large as the rest of the page. */
import { useComputedColorScheme } from '@mantine/core';
import {
  createChart,
  type ChartOptions,
  type DeepPartial,
  type IChartApi,
  type LogicalRange,
} from 'lightweight-charts';
import { useEffect, useRef } from 'react';
import { chartTimes } from '../lib/chart-times';
import { useTimeZone, type TimeZone } from '../lib/time-zone';

export type Colour = (name: string) => string;

interface ChartCanvasProps {
  className: string | undefined;
  /**
   * Adds the series to an empty chart; called again whenever it is another function, or the colours or the zone of times are others.
   * Returns how many points there are on the time axis.
   */
  draw: (chart: IChartApi, colour: Colour) => number;
}

interface View {
  draw: ChartCanvasProps['draw'];
  range: LogicalRange | null;
}

export function ChartCanvas({ className, draw }: ChartCanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const last = useRef<View | null>(null);
  const scheme = useComputedColorScheme('dark');
  const zone = useTimeZone();

  useEffect(() => {
    const holder = frame.current;
    if (holder === null) return;
    const style = getComputedStyle(holder);
    const colour: Colour = (name) => style.getPropertyValue(name).trim();
    const chart = createChart(holder, chartOptions(colour, style.fontFamily, zone));
    const points = draw(chart, colour);
    const before = last.current;
    // Only the colours or the zone are others: what the reader has zoomed into stays.
    if (before?.draw === draw && before.range !== null) chart.timeScale().setVisibleLogicalRange(before.range);
    else showAll(chart, points);
    return () => {
      last.current = { draw, range: chart.timeScale().getVisibleLogicalRange() };
      chart.remove();
    };
  }, [draw, scheme, zone]);

  return <div ref={frame} className={className} />;
}

/** With a little air on both sides, or the first and the last date are cut. */
function showAll(chart: IChartApi, points: number): void {
  const margin = points * 0.02;
  chart.timeScale().setVisibleLogicalRange({ from: -margin, to: points - 1 + margin });
}

/** A canvas cannot read custom properties: they are read for it. */
function chartOptions(colour: Colour, fontFamily: string, zone: TimeZone): DeepPartial<ChartOptions> {
  const times = chartTimes(zone);
  const label = { labelBackgroundColor: colour('--w-chart-label') };
  return {
    autoSize: true,
    // A finger that goes up or down scrolls the page, not the prices.
    handleScroll: { vertTouchDrag: false },
    layout: {
      background: { color: 'transparent' },
      textColor: colour('--w-dim'),
      fontFamily,
      attributionLogo: true,
      panes: { enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colour('--w-line-soft') } },
    rightPriceScale: { borderVisible: false },
    localization: times.localization,
    timeScale: {
      ...times.timeScale,
      borderColor: colour('--w-line'),
      timeVisible: true,
      secondsVisible: false,
      minBarSpacing: 0.001,
    },
    crosshair: { vertLine: label, horzLine: label },
  };
}
