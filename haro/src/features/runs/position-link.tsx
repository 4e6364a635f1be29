import type { TabProps } from './run-tabs';
import classes from './position-link.module.css';

interface PositionLinkProps {
  position: number;
  onPlace: TabProps['onPlace'];
}

/** A place in the journal; it leads to how things stood there. */
export function PositionLink({ position, onPlace }: PositionLinkProps) {
  return (
    <button
      type="button"
      className={classes.link}
      title="Show how things stood at this position of the journal"
      onClick={() => {
        onPlace({ tab: 'time-travel', at: position });
      }}
    >
      #{position}
    </button>
  );
}
