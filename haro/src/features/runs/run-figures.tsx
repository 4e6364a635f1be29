import { FigureCard } from '../../components/figure-card';
import { ErrorNotice } from '../../components/error-notice';
import { direction } from '../../lib/number-format';
import type { Run } from '../../lib/api-types';
import { useRunAccount } from './api/get-run-account';
import { useRunEquity } from './api/get-run-equity';
import { useRunStats } from './api/get-run-stats';
import { keyFigures } from './key-figures';
import classes from './run-figures.module.css';

export function RunFigures({ run }: { run: Run }) {
  const stats = useRunStats(run.id);
  const equity = useRunEquity(run.id);
  const account = useRunAccount(run.id);
  const known = { points: equity.data?.items ?? [], account: account.data ?? null };
  return (
    <>
      <dl className={classes.figures} aria-label="Key figures">
        {keyFigures(run, stats.data, known).map(({ id, label, text, signed, explanation }) => (
          <FigureCard key={id} label={label} explanation={explanation} testId={`stat-${id}`}>
            <span className={classes.value} data-direction={signed ? direction(text) : undefined}>
              {text}
            </span>
          </FigureCard>
        ))}
      </dl>
      {stats.isError && (
        <ErrorNotice
          title="The statistics could not be loaded"
          error={stats.error}
          onRetry={() => void stats.refetch()}
        />
      )}
    </>
  );
}
