import { SegmentedControl, Skeleton } from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Panel } from '../../components/panel';
import { useZoneName } from '../../lib/time-zone';
import type { ComparedRun } from './api/get-compared-runs';
import { ComparedLegend } from './compared-legend';
import classes from './compare-page.module.css';
import { aligned, naturalAlignment, normalisedCurve, valueAt, type Alignment, type Curve } from './comparison-curves';

const CompareChart = lazy(async () => ({ default: (await import('./compare-chart')).CompareChart }));

interface ComparedCurvesProps {
  compared: ComparedRun[];
  alignment: Alignment | undefined;
  onAlignment: (alignment: Alignment) => void;
  onRemove: (id: string) => void;
}

/** Equity of all runs, each from 100 on; the legend tells the values under the cursor, or the last ones. */
export function ComparedCurves({ compared, alignment: chosen, onAlignment, onRemove }: ComparedCurvesProps) {
  const [hovered, setHovered] = useState<number | null>(null);
  const zone = useZoneName();
  const drawn = useDrawn(compared);
  const alignment = chosen ?? naturalAlignment(drawn.curves);
  const curves = useMemo(() => aligned(drawn.curves, alignment), [drawn.curves, alignment]);
  const valueOf = (id: string): number | null => {
    const curve = curves.find(({ runId }) => runId === id);
    if (curve === undefined) return null;
    return hovered === null ? (curve.values.at(-1) ?? null) : valueAt(curve, hovered);
  };
  const isLoading = compared.some(({ equity, error }) => equity === undefined && error === null);
  return (
    <Panel
      title="Equity, 100 = initial cash"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Lay the curves over each other"
          data={[
            { value: 'date', label: `By date (${zone})` },
            { value: 'start', label: 'From the start' },
          ]}
          value={alignment}
          onChange={onAlignment}
        />
      }
    >
      <ComparedLegend compared={compared} valueOf={valueOf} onRemove={onRemove} />
      {(isLoading || curves.length > 0) && (
        <figure className={classes.frame} aria-label={`Equity of ${curves.length} runs over each other`}>
          {isLoading ? (
            <Skeleton height="100%" aria-label="Loading the curves" />
          ) : (
            <Suspense fallback={<Skeleton height="100%" aria-label="Loading the chart" />}>
              <CompareChart curves={curves} places={drawn.places} alignment={alignment} onHover={setHovered} />
            </Suspense>
          )}
        </figure>
      )}
    </Panel>
  );
}

interface Drawn {
  curves: Curve[];
  places: number[];
}

/** The same while no answer is another one, so that the chart is not drawn anew at every move of the cursor. */
function useDrawn(compared: ComparedRun[]): Drawn {
  const [before, setBefore] = useState<{ from: unknown[]; drawn: Drawn }>({
    from: [],
    drawn: { curves: [], places: [] },
  });
  const from = compared.flatMap(({ id, run, equity }) => [id, run?.initial_cash, equity]);
  if (from.length === before.from.length && from.every((one, at) => one === before.from[at])) return before.drawn;
  const found = compared.flatMap(({ run, equity }, place) => {
    const curve = run && equity && normalisedCurve(run, equity);
    return curve ? [{ curve, place }] : [];
  });
  const drawn = { curves: found.map(({ curve }) => curve), places: found.map(({ place }) => place) };
  setBefore({ from, drawn });
  return drawn;
}
