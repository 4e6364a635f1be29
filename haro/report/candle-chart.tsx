/** The market that was traded, with where trades began and ended. */
import {
  CandlestickSeries,
  createSeriesMarkers,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ChartFrame, showRange, type Colour } from './chart-frame';
import { moment } from './moment';
import { crowded, placeOf, pricePlaces, tradeMarkers } from './candle-markers';
import type { Candles, TradeRow } from './report-data';

// The wheel scrolls the page and a finger the page too: a chart that swallows them traps the reader.
const options = {
  handleScroll: { mouseWheel: false, vertTouchDrag: false },
  handleScale: { mouseWheel: false, axisPressedMouseMove: { time: true, price: false } },
};

interface CandleChartProps {
  candles: Candles;
  /** A trade the reader asked to see. */
  wanted: TradeRow | null;
}

interface Drawing {
  chart: IChartApi;
  series: ISeriesApi<'Candlestick'>;
  markers: ISeriesMarkersPluginApi<Time>;
  colour: Colour;
  isCrowded: boolean;
}

export function CandleChart({ candles, wanted }: CandleChartProps) {
  const drawing = useRef<Drawing | null>(null);
  const asked = useRef(wanted);
  const [hovered, setHovered] = useState<number | null>(null);
  const last = candles.times.length - 1;
  const at = Math.min(hovered ?? last, last);
  const write = axisPrice(pricePlaces(candles.close));

  const build = useCallback(
    (chart: IChartApi) => {
      const made = drawn(chart, candles);
      made.isCrowded = crowded(candles, { from: 0, to: candles.times.length - 1 });
      drawing.current = made;
      chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
        const isCrowded = crowded(candles, range);
        if (isCrowded === made.isCrowded) return;
        made.isCrowded = isCrowded;
        paint(made, candles, asked.current, made.colour);
      });
      chart.subscribeCrosshairMove(({ logical }) => {
        setHovered(logical === undefined ? null : Math.max(0, logical));
      });
      return (colour: Colour) => {
        paint(made, candles, asked.current, colour);
      };
    },
    [candles],
  );

  useEffect(() => {
    asked.current = wanted;
    if (drawing.current === null || wanted === null) return;
    paint(drawing.current, candles, wanted, drawing.current.colour);
    const [from, to] = [placeOf(candles.times, wanted.opened_at), placeOf(candles.times, wanted.closed_at)];
    const around = Math.max(40, to - from);
    showRange(drawing.current.chart, Math.max(0, from - around), Math.min(last, to + around));
  }, [wanted, candles, last]);

  const zoom = (factor: number | null) => {
    const scale = drawing.current?.chart.timeScale();
    const shown = scale?.getVisibleLogicalRange() ?? null;
    if (drawing.current === null || scale === undefined || shown === null) return;
    if (factor === null) {
      showRange(drawing.current.chart, 0, last);
      return;
    }
    const [middle, half] = [(shown.from + shown.to) / 2, Math.max(5, ((shown.to - shown.from) / 2) * factor)];
    scale.setVisibleLogicalRange({ from: Math.max(-half, middle - half), to: Math.min(last + half, middle + half) });
  };

  return (
    <figure className="chart" aria-label={`Candles of ${candles.symbol} with entries and exits`}>
      <figcaption className="chart-legend">
        <span className="chart-time">{moment(candles.times[at] ?? 0)}</span>
        <span>
          O <strong>{write(candles.open[at])}</strong>
        </span>
        <span>
          H <strong>{write(candles.high[at])}</strong>
        </span>
        <span>
          L <strong>{write(candles.low[at])}</strong>
        </span>
        <span>
          C <strong>{write(candles.close[at])}</strong>
        </span>
        <span>
          <i className="swatch swatch-entry" /> Entry
        </span>
        <span>
          <i className="swatch swatch-exit" /> Exit
        </span>
        <span className="buttons screen-only" role="group" aria-label="Zoom">
          <button
            type="button"
            aria-label="Zoom in"
            onClick={() => {
              zoom(0.5);
            }}
          >
            +
          </button>
          <button
            type="button"
            aria-label="Zoom out"
            onClick={() => {
              zoom(2);
            }}
          >
            −
          </button>
          <button
            type="button"
            onClick={() => {
              zoom(null);
            }}
          >
            All
          </button>
        </span>
      </figcaption>
      <ChartFrame className="chart-live chart-candles" options={options} build={build} />
    </figure>
  );
}

function axisPrice(places: number): (value: number | undefined) => string {
  const digits = { minimumFractionDigits: places, maximumFractionDigits: places };
  return (value) => value?.toLocaleString('en-US', digits) ?? '—';
}

function drawn(chart: IChartApi, candles: Candles): Drawing {
  const { times, open, high, low, close } = candles;
  const precision = pricePlaces(close);
  const series = chart.addSeries(CandlestickSeries, {
    priceLineVisible: false,
    lastValueVisible: false,
    priceFormat: { type: 'custom', formatter: axisPrice(precision), minMove: 1 / 10 ** precision },
  });
  series.setData(
    times.map((time, at) => ({
      time: time as UTCTimestamp,
      open: open[at] ?? NaN,
      high: high[at] ?? NaN,
      low: low[at] ?? NaN,
      close: close[at] ?? NaN,
    })),
  );
  series.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.12 } });
  showRange(chart, 0, times.length - 1);
  return {
    chart,
    series,
    markers: createSeriesMarkers(series, [], { autoScale: false }),
    colour: () => '',
    isCrowded: false,
  };
}

function paint(drawing: Drawing, candles: Candles, wanted: TradeRow | null, colour: Colour): void {
  const [up, down] = [colour('--w-up'), colour('--w-down')];
  drawing.colour = colour;
  drawing.series.applyOptions({
    upColor: up,
    borderUpColor: up,
    wickUpColor: up,
    downColor: down,
    borderDownColor: down,
    wickDownColor: down,
  });
  const look = { entry: colour('--w-info'), exit: colour('--w-warn'), isSmall: drawing.isCrowded };
  drawing.markers.setMarkers(tradeMarkers(candles, wanted, look));
}
