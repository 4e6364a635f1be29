import {
  AreaSeries,
  BaselineSeries,
  type IChartApi,
  type ISeriesApi,
  type MouseEventParams,
  type UTCTimestamp,
} from 'lightweight-charts';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Decimal, EquityPoint } from '../../lib/api-types';
import { formatMoney, formatPercent } from '../../lib/number-format';
import { formatMinute } from '../../lib/time-format';
import { useTimeZone, zoneName, type TimeZone } from '../../lib/time-zone';
import { ChartFrame, type Colour } from './chart/chart-frame';
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
  equity: ISeriesApi<'Baseline'>;
  drawdown: ISeriesApi<'Area'>;
}

/** Equity above, drawdown below, and one crosshair through both. */
export function EquityChart({ points, initialCash }: EquityChartProps) {
  const drawing = useRef<Drawing | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const zone = useTimeZone();
  const data = useMemo(() => toChartPoints(points), [points]);
  const baseline = Number(initialCash ?? points[0]?.equity ?? 0);

  const build = useCallback((chart: IChartApi) => {
    const made = addSeries(chart);
    drawing.current = made;
    chart.subscribeCrosshairMove(({ logical }: MouseEventParams) => {
      setHovered(logical ?? null);
    });
    return {
      paint: (colour: Colour) => {
        paint(made, colour);
      },
      dispose: () => {
        drawing.current = null;
      },
    };
  }, []);

  useEffect(() => {
    drawing.current?.equity.applyOptions({ baseValue: { type: 'price', price: baseline } });
  }, [baseline]);

  useEffect(() => {
    if (drawing.current !== null) draw(drawing.current, data);
  }, [data]);

  const point = data[hovered ?? -1] ?? data.at(-1);
  return (
    <figure className={classes.figure} aria-label={summary(points, zone)}>
      <figcaption className={classes.legend}>
        <strong>{formatMoney(point?.source.equity)}</strong>
        <span>cash {formatMoney(point?.source.cash)}</span>
        <span>drawdown {formatPercent(point?.drawdown)}</span>
        <span>{formatMinute(point?.source.time, zone)}</span>
      </figcaption>
      <ChartFrame className={classes.canvas} build={build} />
    </figure>
  );
}

function addSeries(chart: IChartApi): Drawing {
  const equity = chart.addSeries(BaselineSeries, {
    lineWidth: 2,
    priceLineVisible: false,
    priceFormat: { type: 'custom', formatter: formatAxis },
  });
  const format = { type: 'custom' as const, formatter: formatFraction, minMove: 0.0001 };
  const drawdown = chart.addSeries(
    AreaSeries,
    { lineWidth: 1, priceLineVisible: false, lastValueVisible: false, invertFilledArea: true, priceFormat: format },
    1,
  );
  drawdown.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.05 } });
  const [upper, lower] = chart.panes();
  upper?.setStretchFactor(3);
  lower?.setStretchFactor(1);
  return { chart, equity, drawdown };
}

/** New points keep the curve in view as a whole, unless the reader has zoomed into a part of it. */
function draw({ chart, equity, drawdown }: Drawing, data: ChartPoint[]): void {
  const [timeScale, before] = [chart.timeScale(), equity.data().length];
  const shown = timeScale.getVisibleLogicalRange();
  const whole = before === 0 || shown === null || (shown.from <= 1 && shown.to >= before - 2);
  equity.setData(data.map(({ time, value }) => ({ time: time as UTCTimestamp, value })));
  drawdown.setData(data.map(({ time, drawdown: value }) => ({ time: time as UTCTimestamp, value })));
  if (whole && data.length > 0) {
    // a little air on both sides, or the first and the last date are cut
    const margin = data.length * 0.02;
    timeScale.setVisibleLogicalRange({ from: -margin, to: data.length - 1 + margin });
  }
}

function summary(points: EquityPoint[], zone: TimeZone): string {
  const [first, last] = [points[0], points.at(-1)];
  const [from, to] = [first, last].map(
    (point) => `${formatMoney(point?.equity)} at ${formatMinute(point?.time, zone)}`,
  );
  return `Equity from ${from ?? ''} to ${to ?? ''} ${zoneName(zone)}`;
}

const formatAxis = (price: number): string => price.toLocaleString('en-US', { maximumFractionDigits: 2 });
const formatFraction = (value: number): string => `${(value * 100).toFixed(2).replace(/^-0.00$/, '0.00')}%`;

function paint({ equity, drawdown }: Drawing, colour: Colour): void {
  const [up, down] = [colour('--w-up'), colour('--w-down')];
  equity.applyOptions({
    topLineColor: up,
    topFillColor1: `${up}40`,
    topFillColor2: `${up}08`,
    bottomLineColor: down,
    bottomFillColor1: `${down}08`,
    bottomFillColor2: `${down}40`,
  });
  drawdown.applyOptions({ lineColor: down, topColor: `${down}10`, bottomColor: `${down}50` });
}
