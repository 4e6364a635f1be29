import classes from './sparkline.module.css';

interface SparklineProps {
  values: number[];
  label: string;
}

const [width, height, most] = [120, 28, 120];

/** The shape of a curve, without scale: for its numbers there are the figures beside it. */
export function Sparkline({ values, label }: SparklineProps) {
  const shown = thinned(values);
  if (shown.length < 2) return <span className={classes.none} />;
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const points = shown.map((value, at) => {
    const x = (at / (shown.length - 1)) * width;
    const y = high === low ? height / 2 : height - 2 - ((value - low) / (high - low)) * (height - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const rising = (shown.at(-1) ?? 0) >= (shown[0] ?? 0);
  return (
    <svg className={classes.line} data-rising={rising} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <polyline points={points.join(' ')} fill="none" />
    </svg>
  );
}

function thinned(values: number[]): number[] {
  const step = Math.max(1, Math.ceil(values.length / most));
  return values.filter((_, at) => at % step === 0 || at === values.length - 1);
}
