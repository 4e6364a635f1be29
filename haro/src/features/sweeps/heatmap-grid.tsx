import { useState, type KeyboardEvent } from 'react';
import { figureLabel, figureText } from './figure-text';
import { heatSteps, type Heatmap, type HeatmapCell } from './heatmap-cells';
import classes from './surface.module.css';

interface HeatmapGridProps {
  heatmap: Heatmap;
  across: string;
  down: string;
  objective: string;
}

interface Place {
  row: number;
  column: number;
}

/** With more columns than that a cell has no room for its value: it is read below. */
const mostWithValues = 16;
const steps: Record<string, (place: Place) => Place> = {
  ArrowLeft: ({ row, column }) => ({ row, column: column - 1 }),
  ArrowRight: ({ row, column }) => ({ row, column: column + 1 }),
  ArrowUp: ({ row, column }) => ({ row: row - 1, column }),
  ArrowDown: ({ row, column }) => ({ row: row + 1, column }),
  Home: ({ row }) => ({ row, column: 0 }),
  End: ({ row }) => ({ row, column: Infinity }),
};

/** The best objective for each pair of values: as a colour, as a number where there is room, and read out below. */
export function HeatmapGrid({ heatmap, across, down, objective }: HeatmapGridProps) {
  const [looked, setLooked] = useState<Place>({ row: 0, column: 0 });
  const inside = (place: Place): Place => ({
    row: Math.max(0, Math.min(place.row, heatmap.down.length - 1)),
    column: Math.max(0, Math.min(place.column, heatmap.across.length - 1)),
  });
  const at = inside(looked);
  const cell = heatmap.rows[at.row]?.[at.column];
  const withValues = heatmap.across.length <= mostWithValues;
  const move = (event: KeyboardEvent<HTMLTableElement>) => {
    const next = steps[event.key]?.(at);
    if (next === undefined) return;
    event.preventDefault();
    const { row, column } = inside(next);
    setLooked({ row, column });
    event.currentTarget.rows[row + 1]?.cells[column + 1]?.focus();
  };
  return (
    <figure className={classes.figure}>
      <div className={classes.scroller}>
        <table
          role="grid"
          className={classes.heatmap}
          data-testid="heatmap"
          data-wide={!withValues || undefined}
          aria-label={`${figureLabel(objective)} by ${across} and ${down}`}
          onKeyDown={move}
        >
          <thead>
            <tr>
              <th scope="col" className={classes.corner}>
                {down} ↓ {across} →
              </th>
              {heatmap.across.map((value) => (
                <th key={String(value)} scope="col">
                  {String(value)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {heatmap.rows.map((cells, row) => (
              <tr key={String(heatmap.down[row])}>
                <th scope="row">{String(heatmap.down[row])}</th>
                {cells.map((one, column) => (
                  <td
                    key={String(one.across)}
                    role="gridcell"
                    className={classes.cell}
                    data-step={one.step ?? undefined}
                    data-missed={one.best?.feasible === false || undefined}
                    tabIndex={row === at.row && column === at.column ? 0 : -1}
                    aria-label={readOut(one, across, down, objective)}
                    title={readOut(one, across, down, objective)}
                    onMouseEnter={() => {
                      setLooked({ row, column });
                    }}
                    onFocus={() => {
                      setLooked({ row, column });
                    }}
                  >
                    {withValues && figureText(objective, one.best?.value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <figcaption className={classes.caption}>
        <Legend heatmap={heatmap} objective={objective} />
        <output className={classes.reading} data-testid="heatmap-reading">
          {cell && readOut(cell, across, down, objective)}
        </output>
      </figcaption>
    </figure>
  );
}

function readOut({ best, tried, ...cell }: HeatmapCell, across: string, down: string, objective: string): string {
  const place = `${across} ${String(cell.across)}, ${down} ${String(cell.down)}`;
  if (best === null) return `${place}: not tried`;
  const value = best.value === null ? best.status : `${figureLabel(objective)} ${figureText(objective, best.value)}`;
  const missed = best.feasible === false ? ', misses a constraint' : '';
  return `${place}: ${value}${missed}, trial ${best.number}${tried > 1 ? `, the best of ${tried}` : ''}`;
}

function Legend({ heatmap, objective }: { heatmap: Heatmap; objective: string }) {
  const missed = heatmap.rows.some((cells) => cells.some(({ best }) => best?.feasible === false));
  return (
    <div className={classes.legend} data-testid="heatmap-legend">
      <span>{figureText(objective, heatmap.worst)}</span>
      <span className={classes.scale} aria-hidden="true">
        {Array.from({ length: heatSteps }, (_, at) => (
          <span key={at} className={classes.cell} data-step={at + 1} />
        ))}
      </span>
      <span>{figureText(objective, heatmap.top)}</span>
      {missed && (
        <span>
          <span className={classes.swatch} data-missed aria-hidden="true" /> misses a constraint
        </span>
      )}
    </div>
  );
}
