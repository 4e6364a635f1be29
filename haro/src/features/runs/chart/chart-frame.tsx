/** A chart in the page: sized by its frame, coloured by the page's palette, recoloured when that changes. */
import { useComputedColorScheme } from '@mantine/core';
import { createChart, type ChartOptions, type DeepPartial, type IChartApi } from 'lightweight-charts';
import { useEffect, useRef } from 'react';
import { chartTimes } from '../../../lib/chart-times';
import { useTimeZone } from '../../../lib/time-zone';

/** A colour of the palette by its name, such as `--w-up`. */
export type Colour = (name: string) => string;

interface ChartFrameProps {
  className: string | undefined;
  options?: DeepPartial<ChartOptions>;
  /** Called once with the new chart; returns what colours its series and what ends it. */
  build: (chart: IChartApi) => ChartParts;
}

export interface ChartParts {
  paint: (colour: Colour) => void;
  dispose?: () => void;
}

const frameOptions = {
  autoSize: true,
  layout: { attributionLogo: true, background: { color: 'transparent' }, panes: { enableResize: false } },
  grid: { vertLines: { visible: false } },
  rightPriceScale: { borderVisible: false },
  timeScale: { timeVisible: true, secondsVisible: false, minBarSpacing: 0.001 },
} satisfies DeepPartial<ChartOptions>;

/** `options` and `build` count when the frame appears; give it another key to begin anew. */
export function ChartFrame({ className, options, build }: ChartFrameProps) {
  const frame = useRef<HTMLDivElement>(null);
  const made = useRef<IChartApi | null>(null);
  const zone = useTimeZone();
  const first = useRef({ options, build });
  const repaint = useRef<() => void>(() => undefined);
  const scheme = useComputedColorScheme('dark');

  useEffect(() => {
    const holder = frame.current;
    if (holder === null) return;
    const chart = createChart(holder, { ...frameOptions, ...first.current.options });
    made.current = chart;
    const { paint, dispose } = first.current.build(chart);
    repaint.current = () => {
      const colour = colourOf(holder);
      chart.applyOptions(frameColours(holder, colour));
      paint(colour);
    };
    repaint.current();
    return () => {
      repaint.current = () => undefined;
      made.current = null;
      dispose?.();
      chart.remove();
    };
  }, []);

  useEffect(() => {
    repaint.current();
  }, [scheme]);

  useEffect(() => {
    made.current?.applyOptions(chartTimes(zone));
  }, [zone]);

  return <div ref={frame} className={className} />;
}

/** The chart draws on a canvas, which cannot read custom properties: they are read for it. */
function colourOf(element: HTMLElement): Colour {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(name).trim();
}

function frameColours(holder: HTMLElement, colour: Colour): DeepPartial<ChartOptions> {
  const label = { labelBackgroundColor: colour('--w-chart-label') };
  return {
    layout: {
      textColor: colour('--w-dim'),
      fontFamily: getComputedStyle(holder).fontFamily,
      panes: { separatorColor: colour('--w-line') },
    },
    grid: { horzLines: { color: colour('--w-line-soft') } },
    timeScale: { borderColor: colour('--w-line') },
    crosshair: { vertLine: label, horzLine: label },
  };
}
