/** A chart in the page: drawn live on the screen, as a picture on paper, recoloured with the page. */
import { createChart, type ChartOptions, type DeepPartial, type IChartApi } from 'lightweight-charts';
import { useEffect, useRef } from 'react';
import { onSchemeChange } from './colour-scheme';

export type Colour = (name: string) => string;

interface ChartFrameProps {
  className: string;
  options: DeepPartial<ChartOptions>;
  /** Adds the series; returns what colours them, which is called at once and with every change of the scheme. */
  build: (chart: IChartApi) => (colour: Colour) => void;
}

// What a chart has from its first moment on, before anything is shown; colours come later and may change.
const frameOptions = {
  autoSize: true,
  layout: { attributionLogo: true, panes: { enableResize: false } },
  grid: { vertLines: { visible: false } },
  rightPriceScale: { borderVisible: false },
  timeScale: { timeVisible: true, secondsVisible: false, minBarSpacing: 0.001 },
} satisfies DeepPartial<ChartOptions>;

/** `options` and `build` count when the frame appears; give the frame another key to begin anew. */
export function ChartFrame({ className, options, build }: ChartFrameProps) {
  const frame = useRef<HTMLDivElement>(null);
  const first = useRef({ options, build });

  useEffect(() => {
    const holder = frame.current;
    if (holder === null) return;
    const chart = createChart(holder, { ...frameOptions, ...first.current.options });
    const colourSeries = first.current.build(chart);
    const paint = () => {
      const colour = colourOf(holder);
      chart.applyOptions(frameColours(holder, colour));
      colourSeries(colour);
    };
    paint();
    const forget = onSchemeChange(paint);
    const toPaper = () => {
      removePicture(holder);
      const picture = chart.takeScreenshot();
      picture.className = 'chart-picture';
      picture.removeAttribute('style');
      holder.after(picture);
    };
    const toScreen = () => {
      removePicture(holder);
    };
    window.addEventListener('beforeprint', toPaper);
    window.addEventListener('afterprint', toScreen);
    return () => {
      window.removeEventListener('beforeprint', toPaper);
      window.removeEventListener('afterprint', toScreen);
      forget();
      removePicture(holder);
      chart.remove();
    };
  }, []);

  return <div ref={frame} className={className} />;
}

function removePicture(holder: HTMLElement): void {
  const next = holder.nextElementSibling;
  if (next?.classList.contains('chart-picture') === true) next.remove();
}

/** The chart draws on a canvas, which cannot read custom properties: they are read for it. */
function colourOf(element: HTMLElement): Colour {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(name).trim();
}

function frameColours(holder: HTMLElement, colour: Colour): DeepPartial<ChartOptions> {
  return {
    layout: {
      background: { color: colour('--w-surface') },
      textColor: colour('--w-dim'),
      fontFamily: getComputedStyle(holder).fontFamily,
      panes: { separatorColor: colour('--w-line') },
    },
    grid: { horzLines: { color: colour('--w-line-soft') } },
    timeScale: { borderColor: colour('--w-line') },
    crosshair: {
      vertLine: { labelBackgroundColor: colour('--w-chart-label') },
      horzLine: { labelBackgroundColor: colour('--w-chart-label') },
    },
  };
}

/** Shows points first..last with a little air on both sides, or the first and the last date are cut. */
export function showRange(chart: IChartApi, first: number, last: number): void {
  const margin = Math.max((last - first) * 0.02, 0.5);
  chart.timeScale().setVisibleLogicalRange({ from: first - margin, to: last + margin });
}
