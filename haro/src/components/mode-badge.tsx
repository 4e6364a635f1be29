import type { RunMode } from '../lib/api-types';
import classes from './badges.module.css';

/** Which money a run trades: the one thing on the page that must never be misread. */
export function ModeBadge({ mode }: { mode: RunMode }) {
  return (
    <span className={classes.mode} data-mode={mode}>
      {mode.toUpperCase()}
    </span>
  );
}
