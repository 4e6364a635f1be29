import { figureLabel, figureText } from './figure-text';
import type { ValueBar } from './heatmap-cells';
import classes from './surface.module.css';

interface ValueBarsProps {
  bars: ValueBar[];
  name: string;
  objective: string;
}

/** The best objective for each value of the one parameter that is varied, from a common zero. */
export function ValueBars({ bars, name, objective }: ValueBarsProps) {
  const values = bars.map(({ best }) => best.value ?? 0);
  const low = Math.min(0, ...values);
  const span = Math.max(0, ...values) - low || 1;
  const share = (value: number) => `${((value - low) / span) * 100}%`;
  return (
    <div className={classes.scroller} role="region" aria-label={`${figureLabel(objective)} by ${name}`} tabIndex={0}>
      <table className={classes.bars} data-testid="value-bars">
        <thead>
          <tr>
            <th scope="col">{name}</th>
            <th scope="col">{figureLabel(objective)}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {bars.map(({ at, best }) => (
            <tr key={String(at)} data-missed={best.feasible === false || undefined}>
              <th scope="row">{String(at)}</th>
              <td>{best.value === null ? best.status : figureText(objective, best.value)}</td>
              <td className={classes.bar} aria-hidden="true">
                {best.value !== null && (
                  <span
                    data-below={best.value < 0 || undefined}
                    style={{
                      left: share(Math.min(0, best.value)),
                      width: `${(Math.abs(best.value) / span) * 100}%`,
                    }}
                  />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
