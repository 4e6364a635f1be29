import { Panel } from '../../components/panel';
import type { ComparedRun } from './api/get-compared-runs';
import { comparedFigures, type ComparedCell } from './comparison-figures';
import { ComparedTable } from './compared-table';
import classes from './compared-table.module.css';

/** All figures side by side. */
export function ComparedFigures({ compared, places }: { compared: ComparedRun[]; places: number[] }) {
  const groups = comparedFigures(compared.map(({ figures }) => figures));
  if (groups.length === 0)
    return (
      <Panel title="Figures">
        <p className={classes.alike}>None of these runs has figures yet: they are made when a run completes.</p>
      </Panel>
    );
  return (
    <Panel title="Figures" aside="differences to the first run; the best is marked ★" flush>
      <ComparedTable
        label="Figures"
        compared={compared}
        places={places}
        groups={groups.map(([title, rows]) => [
          title,
          rows.map(({ name, label, cells }) => ({
            name,
            label,
            cells: cells.map((cell, at) => ({ key: compared[at]?.id ?? '', content: <FigureCell cell={cell} /> })),
          })),
        ])}
      />
    </Panel>
  );
}

function FigureCell({ cell: { text, difference, isBest, explanation } }: { cell: ComparedCell }) {
  return (
    <span className={classes.figure} title={explanation} data-best={isBest || undefined}>
      <span>
        {isBest && (
          <span className={classes.star} role="img" aria-label="best">
            ★
          </span>
        )}
        {text}
      </span>
      {difference !== null && <span className={classes.difference}>{difference}</span>}
    </span>
  );
}
