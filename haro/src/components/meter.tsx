import classes from './meter.module.css';

interface MeterProps {
  label: string;
  /** 0 for nothing, 1 for all; more is drawn as all. */
  share: number;
  /** What is read out. */
  text: string;
  tone: 'far' | 'near' | 'reached';
}

/** How much of something is used up. The numbers stand beside it. */
export function Meter({ label, share, text, tone }: MeterProps) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <span
      className={classes.track}
      data-tone={tone}
      role="meter"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={text}
    >
      <span className={classes.fill} style={{ width: share > 0 ? `max(2px, ${percent}%)` : 0 }} />
    </span>
  );
}
