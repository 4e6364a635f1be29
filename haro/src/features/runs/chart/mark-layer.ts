/** The marks of fills on the candles, kept right while the chart is moved. */
import {
  createSeriesMarkers,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type Time,
} from 'lightweight-charts';
import type { Colour } from './chart-frame';
import { markerOf } from './fill-marker';
import { groupsIn, marksIn, placedFills, placesIn, type FillPoint } from './fill-marks';

/** More texts than this run into each other. */
const mostTexts = 12;

export class MarkLayer {
  readonly #chart: IChartApi;
  readonly #markers: ISeriesMarkersPluginApi<Time>;
  #times: readonly number[] = [];
  #placed = placedFills([], []);
  #wanted: number | null = null;
  #colour: Colour = () => '';
  /** The groups of bars whose marks are drawn: while they are the same nothing need be drawn again. */
  #marked = '';

  constructor(chart: IChartApi, candles: ISeriesApi<'Candlestick'>) {
    this.#chart = chart;
    this.#markers = createSeriesMarkers(candles, [], { autoScale: false });
  }

  /** How many marks stand beside each other in the chart as wide as it is. */
  get room(): number {
    return placesIn(this.#chart.timeScale().width());
  }

  /** `fills`: oldest first. `times`: opens of all bars. Drawn with the next `draw`. */
  place(fills: readonly FillPoint[], times: readonly number[]): void {
    this.#times = times;
    this.#placed = placedFills(fills, times);
    this.#marked = '';
  }

  /** Marks the fill at this position of the journal; null marks none. */
  point(position: number | null): void {
    this.#wanted = position;
    this.#marked = '';
    this.draw();
  }

  paint(colour: Colour): void {
    this.#colour = colour;
    this.#marked = '';
    this.draw();
  }

  /** At every move of the chart: it looks at what is in view, and draws only when other groups of bars are. */
  draw(): void {
    const places = this.#chart.timeScale().getVisibleLogicalRange();
    if (places === null || this.#times.length === 0) return;
    const groups = groupsIn(places, this.#times.length, this.room);
    const wanted = `${groups.size} ${groups.first} ${groups.last}`;
    if (wanted === this.#marked) return;
    this.#marked = wanted;
    const marks = marksIn(this.#placed, this.#times, groups);
    const texted = marks.length <= mostTexts;
    this.#markers.setMarkers(marks.map((mark) => markerOf(mark, texted, this.#wanted, this.#colour)));
  }
}
