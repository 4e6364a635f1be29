import { Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { PageHeading } from '../../components/page-heading';
import { useStrategies } from '../../lib/requests/get-strategies';
import { useSymbols } from '../../lib/requests/get-symbols';
import { useStartBacktest } from './api/start-backtest';
import { BacktestForm } from './backtest-form';
import classes from './backtest-form.module.css';

export function NewBacktestPage({ onStarted }: { onStarted: (runId: string) => void }) {
  useDocumentTitle('New backtest · Weaver');
  return (
    <>
      <PageHeading title="New backtest" />
      <Content onStarted={onStarted} />
    </>
  );
}

function Content({ onStarted }: { onStarted: (runId: string) => void }) {
  const strategies = useStrategies();
  const symbols = useSymbols();
  const start = useStartBacktest();
  const failed = [strategies, symbols].find((query) => query.isError && query.data === undefined);
  if (failed) {
    const retry = () => void failed.refetch();
    return <ErrorNotice title="The form could not be prepared" error={failed.error} onRetry={retry} />;
  }
  if (strategies.data === undefined || symbols.data === undefined) return <FormSkeleton />;
  if (strategies.data.items.length === 0) {
    return (
      <EmptyState title="No strategies yet" command="weaver strategies list">
        Put a file with a Strategy class into the strategies folder. This command says what was found, and why a file
        was not loaded.
      </EmptyState>
    );
  }
  if (symbols.data.items.length === 0) {
    return (
      <EmptyState title="No market data yet" command="weaver data import bars.csv --symbol BTC/USD --timeframe 1h">
        A backtest needs bars. Import some from a CSV or Parquet file.
      </EmptyState>
    );
  }
  return (
    <BacktestForm
      strategies={strategies.data.items}
      coverage={symbols.data.items}
      busy={start.isPending}
      error={start.error}
      onSubmit={(backtest) => {
        start.mutate(backtest, { onSuccess: onStarted });
      }}
    />
  );
}

function FormSkeleton() {
  return (
    <div className={classes.form} aria-busy="true" aria-label="Loading the form">
      <Skeleton height={190} />
      <Skeleton height={130} />
      <Skeleton height={100} />
    </div>
  );
}
