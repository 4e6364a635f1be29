import { Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { PageHeading } from '../../components/page-heading';
import { useInfo } from './api/get-info';
import { useRun } from './api/get-run';
import { useStrategies } from '../../lib/requests/get-strategies';
import { useSymbols } from '../../lib/requests/get-symbols';
import { useStartRun } from './api/start-run';
import { draftOf, firstDraft, type DraftWishes } from './run-draft';
import { RunForm } from './run-form';
import classes from './run-form.module.css';

interface NewRunPageProps {
  /** The id of a run to fill the form from. */
  clone?: string | undefined;
  wishes: DraftWishes;
  onStarted: (runId: string) => void;
}

export function NewRunPage({ clone, ...content }: NewRunPageProps) {
  useDocumentTitle('New run · Weaver');
  return (
    <>
      <PageHeading title="New run" />
      {clone === undefined ? <Content {...content} /> : <Cloned key={clone} runId={clone} {...content} />}
    </>
  );
}

type ContentProps = Omit<NewRunPageProps, 'clone'>;

function Cloned({ runId, ...content }: ContentProps & { runId: string }) {
  const run = useRun(runId);
  const retry = () => void run.refetch();
  if (run.data !== undefined) return <Content {...content} from={run.data} />;
  if (run.isError) return <ErrorNotice title="The run to copy could not be loaded" error={run.error} onRetry={retry} />;
  return <FormSkeleton />;
}

function Content({ wishes, onStarted, from }: ContentProps & { from?: Parameters<typeof draftOf>[0] }) {
  const strategies = useStrategies();
  const symbols = useSymbols();
  const info = useInfo();
  const start = useStartRun();
  const failed = [strategies, symbols, info].find((query) => query.isError && query.data === undefined);
  if (failed) {
    const retry = () => void failed.refetch();
    return <ErrorNotice title="The form could not be prepared" error={failed.error} onRetry={retry} />;
  }
  if (strategies.data === undefined || symbols.data === undefined || info.data === undefined) return <FormSkeleton />;
  if (strategies.data.items.length === 0) {
    return (
      <EmptyState title="No strategies yet" command="weaver strategies list">
        Put a file with a Strategy class into the strategies folder. This command says what was found, and why a file
        was not loaded.
      </EmptyState>
    );
  }
  const [catalogue, coverage] = [strategies.data.items, symbols.data.items];
  const onlySimulated = info.data.exchanges.every((exchange) => exchange === 'simulated');
  if (coverage.length === 0 && onlySimulated) {
    return (
      <EmptyState title="No market data yet" command="weaver data import bars.csv --symbol BTC/USD --timeframe 1h">
        A run needs bars. Import some from a CSV or Parquet file.
      </EmptyState>
    );
  }
  return (
    <RunForm
      initial={from ? draftOf(from) : firstDraft(catalogue, coverage, wishes)}
      strategies={catalogue}
      coverage={coverage}
      info={info.data}
      busy={start.isPending}
      error={start.error}
      onSubmit={(run) => {
        start.mutate(run, { onSuccess: onStarted });
      }}
    />
  );
}

function FormSkeleton() {
  return (
    <div className={classes.form} aria-busy="true" aria-label="Loading the form">
      <Skeleton height={120} />
      <Skeleton height={190} />
      <Skeleton height={130} />
      <Skeleton height={100} />
    </div>
  );
}
