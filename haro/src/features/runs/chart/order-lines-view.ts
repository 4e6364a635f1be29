/** The drawing of working orders: a dashed line at the price each waits for. */
import { LineStyle, type IPriceLine, type ISeriesApi } from 'lightweight-charts';
import type { Colour } from './chart-frame';
import type { OrderLine } from './order-lines';

export class OrderLinesView {
  readonly #prices: ISeriesApi<'Candlestick'>;
  #drawn: IPriceLine[] = [];

  constructor(prices: ISeriesApi<'Candlestick'>) {
    this.#prices = prices;
  }

  show(lines: readonly OrderLine[], colour: Colour): void {
    for (const line of this.#drawn) this.#prices.removePriceLine(line);
    this.#drawn = lines.map(({ price, side, title }) =>
      this.#prices.createPriceLine({
        price,
        title,
        color: colour(side === 'buy' ? '--w-up' : '--w-down'),
        lineStyle: LineStyle.Dashed,
        lineWidth: 1,
        axisLabelVisible: true,
      }),
    );
  }
}
