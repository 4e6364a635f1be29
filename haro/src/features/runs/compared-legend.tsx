import { CloseButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ModeBadge } from '../../components/mode-badge';
import { StatusBadge } from '../../components/status-badge';
import { unknownMark } from '../../lib/number-format';
import type { ComparedRun } from './api/get-compared-runs';
import { seriesColour, seriesIsDashed } from './compared-look';
import classes from './compare-page.module.css';
import { runTitle } from './run-title';

interface ComparedLegendProps {
  compared: ComparedRun[];
  /** On the scale of the chart; null where the run has none. */
  valueOf: (id: string) => number | null;
  onRemove: (id: string) => void;
}

/** Which line is which run, what state it is in, and its value. */
export function ComparedLegend({ compared, valueOf, onRemove }: ComparedLegendProps) {
  return (
    <ul className={classes.legend} data-testid="compared-runs">
      {compared.map(({ id, run, equity }, place) => {
        if (run === undefined) return null;
        const title = runTitle(run);
        return (
          <li key={id}>
            <Swatch place={place} />
            <Link to="/runs/$runId" params={{ runId: id }} className={classes.run}>
              {title}
            </Link>
            <ModeBadge mode={run.mode} />
            {run.status !== 'completed' && <StatusBadge status={run.status} />}
            <span className={classes.value}>{valueOf(id)?.toFixed(2) ?? unknownMark}</span>
            <CloseButton
              size="xs"
              aria-label={`Leave ${title} out`}
              onClick={() => {
                onRemove(id);
              }}
            />
            <State status={run.status} isEmpty={equity?.length === 0} />
          </li>
        );
      })}
    </ul>
  );
}

export function Swatch({ place }: { place: number }) {
  const style = { borderTopColor: `var(${seriesColour(place)})` };
  return (
    <span
      className={classes.swatch}
      data-dashed={seriesIsDashed(place) || undefined}
      style={style}
      aria-hidden="true"
    />
  );
}

const states: Partial<Record<string, string>> = {
  pending: 'has not begun',
  running: 'still runs: this is as far as it has come, and it has no figures yet',
  paused: 'is paused: this is as far as it has come, and it has no figures yet',
  stopped: 'was stopped: it has a curve, but no figures',
  error: 'ended by an error: it has no figures',
};

function State({ status, isEmpty }: { status: string; isEmpty: boolean }) {
  const told = [states[status], isEmpty && 'has marked no equity'].filter(Boolean).join('; ');
  return told === '' ? null : <span className={classes.told}>{told}</span>;
}
