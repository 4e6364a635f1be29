/** The drawing of prices, volume, fills, order lines and what was held. It is told what to show; it knows no requests. */
import {
  CandlestickSeries,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type UTCTimestamp,
} from 'lightweight-charts';
import { placeAtTime, timeAtPlace, type Bar, type Span } from './bars';
import type { Colour } from './chart-frame';
import type { FillPoint } from './fill-marks';
import { holdingsIn, shading, type Holding } from './held-position';
import type { IndicatorLine } from './indicator-lines';
import { IndicatorView } from './indicator-view';
import { MarkLayer } from './mark-layer';
import type { OrderLine } from './order-lines';
import { OrderLinesView } from './order-lines-view';

export interface Drawn {
  bars: readonly Bar[];
  fills: readonly FillPoint[];
  holdings: readonly Holding[];
  lines: readonly OrderLine[];
  indicators: readonly IndicatorLine[];
  /** Whether bars are added as they close: then the newest one stays in view. */
  live: boolean;
}

const empty: Drawn = { bars: [], fills: [], holdings: [], lines: [], indicators: [], live: false };
const leastBars = 20;
/** Of a market that goes on; of one that is over, all are shown. */
const barsAtFirst = 240;

export class PriceChartView {
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<'Candlestick'>;
  readonly #volume: ISeriesApi<'Histogram'>;
  readonly #held: ISeriesApi<'Histogram'>;
  readonly #marks: MarkLayer;
  readonly #lines: OrderLinesView;
  readonly #indicators: IndicatorView;
  #drawn = empty;
  #times: number[] = [];
  #begins: number[] = [];
  #colour: Colour = () => '';

  constructor(chart: IChartApi) {
    this.#chart = chart;
    const quiet = { priceLineVisible: false, lastValueVisible: false };
    const autoscaleInfoProvider = () => ({ priceRange: { minValue: 0, maxValue: 1 } });
    this.#held = chart.addSeries(HistogramSeries, { ...quiet, priceScaleId: 'held', autoscaleInfoProvider });
    this.#held.priceScale().applyOptions({ scaleMargins: { top: 0, bottom: 0 } });
    this.#volume = chart.addSeries(HistogramSeries, {
      ...quiet,
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
    });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.85, bottom: 0 } });
    this.#candles = chart.addSeries(CandlestickSeries, { lastValueVisible: true, priceLineVisible: false });
    this.#candles.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.2 } });
    this.#marks = new MarkLayer(chart, this.#candles);
    this.#lines = new OrderLinesView(this.#candles);
    this.#indicators = new IndicatorView(chart);
    chart.timeScale().subscribeVisibleLogicalRangeChange(this.#follow);
  }

  /** New bars keep the stretch of time in view; at the right end they keep the newest bar in view. */
  show(next: Drawn): void {
    const before = this.#drawn;
    const range = this.#chart.timeScale().getVisibleLogicalRange();
    const span = this.visibleSpan();
    this.#drawn = next;
    if (next.bars !== before.bars) this.#times = next.bars.map(({ time }) => time);
    // Before the bars are drawn: that moves the chart, and a chart that moves is marked.
    if (next.fills !== before.fills || next.bars !== before.bars) this.#marks.place(next.fills, this.#times);
    if (next.holdings !== before.holdings) this.#begins = next.holdings.map(({ from }) => from);
    if (next.bars !== before.bars) {
      const last = before.bars.length - 1;
      this.#setBars(next.bars);
      const grew = (next.bars.at(-1)?.time ?? 0) > (before.bars.at(-1)?.time ?? 0);
      const follows = next.live && grew && range !== null && range.to >= last - 0.5;
      if (before.bars.length === 0 || span === null) this.#showAtFirst();
      else if (follows)
        this.#showPlaces(next.bars.length - 1 - (last - range.from), next.bars.length - 1 + range.to - last);
      else this.showSpan(span);
    }
    if (next.bars !== before.bars || next.holdings !== before.holdings) this.#shade();
    if (next.lines !== before.lines) this.#lines.show(next.lines, this.#colour);
    if (next.bars !== before.bars || next.indicators !== before.indicators)
      this.#indicators.show(this.#times, next.indicators, this.#colour);
    this.#follow();
  }

  visibleSpan(): Span | null {
    const range = this.#chart.timeScale().getVisibleLogicalRange();
    if (range === null || this.#times.length === 0) return null;
    return { from: timeAtPlace(this.#times, range.from), to: timeAtPlace(this.#times, range.to) };
  }

  showSpan({ from, to }: Span): void {
    if (this.#times.length > 0) this.#showPlaces(placeAtTime(this.#times, from), placeAtTime(this.#times, to));
  }

  showAll(): void {
    this.#showPlaces(-1, this.#times.length);
  }

  zoom(factor: number): void {
    const range = this.#chart.timeScale().getVisibleLogicalRange();
    if (range === null) return;
    const [middle, half] = [(range.from + range.to) / 2, ((range.to - range.from) / 2) * factor];
    this.#showPlaces(middle - Math.max(half, leastBars / 2), middle + Math.max(half, leastBars / 2));
  }

  /** Marks the fill at this position of the journal; null marks none. */
  point(position: number | null): void {
    this.#marks.point(position);
  }

  readonly paint = (colour: Colour): void => {
    this.#colour = colour;
    const [up, down] = [colour('--w-up'), colour('--w-down')];
    this.#candles.applyOptions({
      upColor: up,
      borderUpColor: up,
      wickUpColor: up,
      downColor: down,
      borderDownColor: down,
      wickDownColor: down,
    });
    this.#setBars(this.#drawn.bars);
    this.#shade();
    this.#lines.show(this.#drawn.lines, colour);
    this.#indicators.paint(colour);
    this.#marks.paint(colour);
  };

  #showAtFirst(): void {
    const count = this.#times.length;
    this.#showPlaces(this.#drawn.live ? Math.max(-1, count - barsAtFirst) : -1, count + 1);
  }

  #showPlaces(from: number, to: number): void {
    if (to > from) this.#chart.timeScale().setVisibleLogicalRange({ from, to });
  }

  #setBars(bars: readonly Bar[]): void {
    const [up, down] = [`${this.#colour('--w-up')}40`, `${this.#colour('--w-down')}40`];
    this.#candles.setData(
      bars.map(({ time, open, high, low, close }) => ({ time: time as UTCTimestamp, open, high, low, close })),
    );
    this.#volume.setData(
      bars.map(({ time, open, close, volume }) => ({
        time: time as UTCTimestamp,
        value: volume,
        color: close < open ? down : up,
      })),
    );
  }

  #shade(): void {
    const colours = { long: `${this.#colour('--w-up')}14`, short: `${this.#colour('--w-down')}14` };
    const held = shading(this.#times, this.#drawn.holdings);
    this.#held.setData(
      this.#times.flatMap((time, place) => {
        const side = held[place] ?? null;
        return side === null ? [] : [{ time: time as UTCTimestamp, value: 1, color: colours[side] }];
      }),
    );
  }

  /** At every move of the chart. */
  readonly #follow = (): void => {
    const shows = holdingsIn(this.#begins, this.visibleSpan()) <= this.#marks.room;
    if (shows !== this.#held.options().visible) this.#held.applyOptions({ visible: shows });
    this.#marks.draw();
  };
}
