import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './figure-card.module.css';

interface FigureCardProps {
  label: string;
  /** What the figure is based on, or why there is none: shown on hover, focus and touch. */
  explanation?: string | undefined;
  testId?: string | undefined;
  children: ReactNode;
}

/** One key figure; belongs into a `dl`. */
export function FigureCard({ label, explanation, testId, children }: FigureCardProps) {
  return (
    <div className={classes.card}>
      <dt className={classes.label}>{explanation ? <Explained label={label} explanation={explanation} /> : label}</dt>
      <dd className={classes.value} data-testid={testId}>
        {children}
      </dd>
    </div>
  );
}

function Explained({ label, explanation }: { label: string; explanation: string }) {
  return (
    <Tooltip label={explanation} multiline maw={320} withArrow events={{ hover: true, focus: true, touch: true }}>
      <button type="button" className={classes.hint}>
        {label}
      </button>
    </Tooltip>
  );
}
