import { Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { PageHeading } from '../../../components/page-heading';
import { useStrategies } from '../../../lib/requests/get-strategies';
import { useSymbols } from '../../../lib/requests/get-symbols';
import { firstDraft, type DraftWishes } from '../run-draft';
import classes from '../run-form.module.css';
import { useCreateSweep } from './create-sweep';
import { firstSweepDraft } from './sweep-draft';
import { SweepForm } from './sweep-form';

interface NewSweepPageProps {
  wishes: DraftWishes;
  onCreated: (sweepId: string) => void;
}

export function NewSweepPage(props: NewSweepPageProps) {
  useDocumentTitle('New sweep · Weaver');
  return (
    <>
      <PageHeading title="New sweep" />
      <Content {...props} />
    </>
  );
}

function Content({ wishes, onCreated }: NewSweepPageProps) {
  const strategies = useStrategies();
  const symbols = useSymbols();
  const create = useCreateSweep();
  const failed = [strategies, symbols].find((query) => query.isError && query.data === undefined);
  if (failed) {
    const retry = () => void failed.refetch();
    return <ErrorNotice title="The form could not be prepared" error={failed.error} onRetry={retry} />;
  }
  if (strategies.data === undefined || symbols.data === undefined) {
    return (
      <div className={classes.form} aria-busy="true" aria-label="Loading the form">
        <Skeleton height={240} />
        <Skeleton height={190} />
        <Skeleton height={130} />
      </div>
    );
  }
  const [catalogue, coverage] = [strategies.data.items, symbols.data.items];
  if (catalogue.length === 0) {
    return (
      <EmptyState title="No strategies yet" command="weaver strategies list">
        Put a file with a Strategy class into the strategies folder. This command says what was found.
      </EmptyState>
    );
  }
  if (coverage.length === 0) {
    return (
      <EmptyState title="No market data yet" command="weaver data import bars.csv --symbol BTC/USD --timeframe 1h">
        A sweep needs bars. Import some from a CSV or Parquet file.
      </EmptyState>
    );
  }
  return (
    <SweepForm
      initial={firstSweepDraft(firstDraft(catalogue, coverage, wishes))}
      strategies={catalogue}
      coverage={coverage}
      busy={create.isPending}
      error={create.error}
      onSubmit={(sweep) => {
        create.mutate(sweep, {
          onSuccess: ({ id }) => {
            onCreated(id);
          },
        });
      }}
    />
  );
}
