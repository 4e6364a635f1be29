import { NativeSelect, Skeleton } from '@mantine/core';
import { useMemo } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import type { Sweep, Surface } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { useSurface } from './api/get-surface';
import { figureLabel } from './figure-text';
import { HeatmapGrid } from './heatmap-grid';
import { barsOf, heatmapOf } from './heatmap-cells';
import { axesOf, type SweepView } from './sweep-view';
import { ValueBars } from './value-bars';
import classes from './surface.module.css';

interface SurfacePanelProps {
  sweep: Sweep;
  view: SweepView;
  window: number | null;
  onView: (view: SweepView) => void;
}

/** The objective over the parameters: two of them as a heatmap, one as bars. */
export function SurfacePanel({ sweep, view, window, onView }: SurfacePanelProps) {
  const surface = useSurface(sweep.id, window);
  const [across, down] = axesOf(sweep, view);
  const names = sweep.dimensions.map(({ name }) => name);
  const others = names.filter((name) => name !== across && name !== down);
  const choose = (change: SweepView) => {
    onView({ ...view, ...change });
  };
  return (
    <Panel title={`${figureLabel(sweep.objective)} over the parameters`} aside={aside(surface.data, others)}>
      <div className={classes.choices}>
        {down !== null && (
          <>
            <Choice
              label="Across"
              value={across}
              choices={names}
              onChange={(name) => {
                choose({ across: name, ...(name === down && { down: across }) });
              }}
            />
            <Choice
              label="Down"
              value={down}
              choices={names}
              onChange={(name) => {
                choose({ down: name, ...(name === across && { across: down }) });
              }}
            />
          </>
        )}
        {window !== null && (
          <NativeSelect
            size="xs"
            label="Window"
            data={sweep.windows.map((_, at) => ({ value: String(at), label: `${at + 1} of ${sweep.windows.length}` }))}
            value={String(window)}
            onChange={(event) => {
              choose({ window: Number(event.currentTarget.value) });
            }}
          />
        )}
      </div>
      <Content surface={surface} sweep={sweep} across={across} down={down} />
    </Panel>
  );
}

/** What of the trials is shown, and what each cell is the best of. */
function aside(surface: Surface | undefined, others: string[]): string {
  const parts = others.length > 0 ? [`each cell the best over ${others.join(', ')}`] : [];
  if (surface !== undefined && surface.items.length < surface.total)
    parts.push(`the best ${formatCount(surface.items.length)} of ${formatCount(surface.total)} trials`);
  return parts.join(' · ');
}

interface ContentProps {
  surface: ReturnType<typeof useSurface>;
  sweep: Sweep;
  across: string;
  down: string | null;
}

function Content({ surface, sweep, across, down }: ContentProps) {
  const points = surface.data?.items;
  const heatmap = useMemo(
    () => (points === undefined || down === null ? null : heatmapOf(points, across, down, sweep.direction)),
    [points, across, down, sweep.direction],
  );
  const bars = useMemo(
    () => (points === undefined || down !== null ? null : barsOf(points, across)),
    [points, across, down],
  );
  if (points === undefined) {
    if (!surface.isError) return <Skeleton height={240} aria-label="Loading the trials" />;
    const retry = () => void surface.refetch();
    return <ErrorNotice title="The trials could not be loaded" error={surface.error} onRetry={retry} />;
  }
  if (points.length === 0) return <p className={classes.nothing}>No trial has begun yet.</p>;
  if (heatmap !== null && down !== null)
    return <HeatmapGrid heatmap={heatmap} across={across} down={down} objective={sweep.objective} />;
  return <ValueBars bars={bars ?? []} name={across} objective={sweep.objective} />;
}

interface ChoiceProps {
  label: string;
  value: string;
  choices: string[];
  onChange: (name: string) => void;
}

function Choice({ label, value, choices, onChange }: ChoiceProps) {
  return (
    <NativeSelect
      size="xs"
      label={label}
      data={choices}
      value={value}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}
