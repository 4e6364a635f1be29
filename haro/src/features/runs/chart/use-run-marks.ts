/** What a run did in a symbol, as the chart draws it. */
import { useMemo } from 'react';
import type { Run } from '../../../lib/api-types';
import { useRunFills } from '../api/get-run-fills';
import { useWorkingOrders } from '../api/get-working-orders';
import { isOver } from '../run-actions';
import { fillPoints } from './fill-marks';
import { holdings } from './held-position';
import { orderLines } from './order-lines';

export function useRunMarks(run: Run, symbol: string) {
  const fills = useRunFills(run.id);
  const working = useWorkingOrders(run.id, !isOver(run));
  const { data } = fills;
  const marks = useMemo(() => {
    const own = data?.fills.filter((fill) => fill.symbol === symbol) ?? [];
    // Without the first fills nobody knows what was held.
    return { fills: fillPoints(own, symbol), holdings: data?.complete === true ? holdings(own) : [] };
  }, [data, symbol]);
  const lines = useMemo(() => orderLines(working.data ?? [], symbol), [working.data, symbol]);
  return { ...marks, lines, error: fills.error ?? working.error, missing: missingFills(data) };
}

function missingFills(data: { fills: unknown[]; complete: boolean; total: number } | undefined): number {
  return data === undefined || data.complete ? 0 : data.total - data.fills.length;
}
