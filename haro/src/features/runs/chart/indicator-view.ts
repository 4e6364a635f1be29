/** The drawing of indicator lines: those of prices over the candles, others in panes of their own below. */
import { LineSeries, type IChartApi, type ISeriesApi, type UTCTimestamp } from 'lightweight-charts';
import type { Colour } from './chart-frame';
import type { IndicatorLine } from './indicator-lines';

/** Of the height of the candles. */
const paneHeight = 0.28;

export class IndicatorView {
  readonly #chart: IChartApi;
  #series: ISeriesApi<'Line'>[] = [];
  #lines: readonly IndicatorLine[] = [];

  constructor(chart: IChartApi) {
    this.#chart = chart;
  }

  /** times: of the bars, one for each value. */
  show(times: readonly number[], lines: readonly IndicatorLine[], colour: Colour): void {
    if (!isAlike(lines, this.#lines)) this.#begin(lines);
    this.#lines = lines;
    this.#series.forEach((series, number) => {
      const values = lines[number]?.values ?? [];
      series.setData(
        times.map((time, place) => {
          const value = values[place] ?? null;
          return value === null ? { time: time as UTCTimestamp } : { time: time as UTCTimestamp, value };
        }),
      );
    });
    this.paint(colour);
  }

  paint(colour: Colour): void {
    this.#series.forEach((series, number) => {
      series.applyOptions({ color: colour(`--w-series-${this.#lines[number]?.colour ?? 1}`) });
    });
  }

  #begin(lines: readonly IndicatorLine[]): void {
    for (const series of this.#series) this.#chart.removeSeries(series);
    this.#series = lines.map(({ pane }) =>
      this.#chart.addSeries(
        LineSeries,
        { lineWidth: 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false },
        pane,
      ),
    );
    this.#chart.panes().forEach((pane, number) => {
      pane.setStretchFactor(number === 0 ? 1 : paneHeight);
    });
  }
}

/** Whether the same series can show both. */
function isAlike(lines: readonly IndicatorLine[], others: readonly IndicatorLine[]): boolean {
  return (
    lines.length === others.length &&
    lines.every(({ label, pane }, number) => others[number]?.label === label && others[number].pane === pane)
  );
}
