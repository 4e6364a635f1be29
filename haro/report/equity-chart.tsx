/** Equity over buying and holding, and under them the drawdown, on one time axis with one cursor. */
import {
  BaselineSeries,
  CrosshairMode,
  LineSeries,
  LineStyle,
  type IChartApi,
  type ISeriesApi,
  type PriceFormatCustom,
  type UTCTimestamp,
} from 'lightweight-charts';
import { useCallback, useRef, useState } from 'react';
import { ChartFrame, showRange, type Colour } from './chart-frame';
import { moment } from './moment';
import { axisPlaces, money, moneyPlaces, signedPercent } from './money';
import type { ReportData } from './report-data';

const options = { handleScroll: false, handleScale: false, crosshair: { mode: CrosshairMode.Magnet } };

export function EquityChart({ data }: { data: ReportData }) {
  const { equity, run, result } = data;
  const [hovered, setHovered] = useState<number | null>(null);
  const places = moneyPlaces(run.initial_cash);
  const last = equity.times.length - 1;
  const at = Math.min(hovered ?? last, last);
  const held = equity.hold[at];

  const hold = useRef<ISeriesApi<'Line'> | null>(null);
  const [isHoldShown, showHold] = useState(true);

  const build = useCallback(
    (chart: IChartApi) => {
      const drawing = draw(chart, data, setHovered);
      hold.current = drawing.held;
      return drawing.paint;
    },
    [data],
  );
  return (
    <figure
      className="chart"
      aria-label={`Equity from ${money(run.initial_cash, places)} to ${money(result.final_equity, places)}, and drawdown`}
    >
      <figcaption className="chart-legend">
        <span className="chart-time">{moment(equity.times[at] ?? result.start_time)}</span>
        <span>
          <i className="swatch swatch-equity" /> Equity <strong>{money(equity.equity[at] ?? 0, places)}</strong>
        </span>
        <label>
          <input
            type="checkbox"
            className="screen-only"
            checked={isHoldShown}
            onChange={({ target }) => {
              showHold(target.checked);
              hold.current?.applyOptions({ visible: target.checked });
            }}
          />{' '}
          <i className="swatch swatch-hold" /> Buy and hold {run.symbols[0]}{' '}
          <strong>{held === null || held === undefined ? '—' : money(held, places)}</strong>
        </label>
        <span>
          <i className="swatch swatch-drawdown" /> Drawdown <strong>{signedPercent(equity.drawdown[at] ?? 0)}</strong>
        </span>
      </figcaption>
      <ChartFrame className="chart-live chart-equity" options={options} build={build} />
    </figure>
  );
}

interface Drawing {
  held: ISeriesApi<'Line'>;
  paint: (colour: Colour) => void;
}

function draw(chart: IChartApi, data: ReportData, hover: (at: number | null) => void): Drawing {
  const { times, equity, drawdown, hold } = data.equity;
  const initial = Number(data.run.initial_cash);
  const shared = { priceLineVisible: false, lastValueVisible: false } as const;
  const amounts = equity.map(Number);
  const priceFormat = axisMoney(amounts);
  const held = chart.addSeries(LineSeries, {
    ...shared,
    priceFormat,
    lineWidth: 1,
    lineStyle: LineStyle.Solid,
    crosshairMarkerVisible: false,
  });
  const curve = chart.addSeries(BaselineSeries, {
    ...shared,
    priceFormat,
    lineWidth: 2,
    baseValue: { type: 'price', price: initial },
  });
  const below = chart.addSeries(
    BaselineSeries,
    {
      ...shared,
      lineWidth: 1,
      baseValue: { type: 'price', price: 0 },
      priceFormat: axisPercent(drawdown),
    },
    1,
  );
  const time = (at: number) => times[at] as UTCTimestamp;
  curve.setData(amounts.map((value, at) => ({ time: time(at), value })));
  held.setData(hold.map((value, at) => (value === null ? { time: time(at) } : { time: time(at), value })));
  below.setData(drawdown.map((value, at) => ({ time: time(at), value })));
  const [upper, lower] = chart.panes();
  upper?.setStretchFactor(0.7);
  lower?.setStretchFactor(0.3);
  below.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.06 } });
  curve.priceScale().applyOptions({ scaleMargins: { top: 0.05, bottom: 0.05 } });
  showRange(chart, 0, times.length - 1);
  chart.subscribeCrosshairMove(({ logical }) => {
    hover(logical === undefined ? null : Math.max(0, logical));
  });
  const paint = (colour: Colour) => {
    const [up, down] = [colour('--w-up'), colour('--w-down')];
    held.applyOptions({ color: colour('--w-info') });
    curve.applyOptions({
      topLineColor: up,
      topFillColor1: `${up}40`,
      topFillColor2: `${up}08`,
      bottomLineColor: down,
      bottomFillColor1: `${down}08`,
      bottomFillColor2: `${down}40`,
    });
    below.applyOptions({
      topLineColor: down,
      bottomLineColor: down,
      topFillColor1: 'transparent',
      topFillColor2: 'transparent',
      bottomFillColor1: `${down}18`,
      bottomFillColor2: `${down}50`,
    });
  };
  return { held, paint };
}

function axisMoney(amounts: number[]): PriceFormatCustom {
  const maximumFractionDigits = axisPlaces(amounts);
  return {
    type: 'custom',
    minMove: 10 ** -maximumFractionDigits,
    formatter: (value: number) => value.toLocaleString('en-US', { maximumFractionDigits }),
  };
}

function axisPercent(fractions: number[]): PriceFormatCustom {
  const places = Math.max(1, axisPlaces(fractions) - 2);
  return {
    type: 'custom',
    minMove: 10 ** -(places + 2),
    formatter: (value: number) => `${(value * 100).toFixed(places)}%`,
  };
}
