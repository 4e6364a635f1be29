import { Button } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { DataTable } from '../../components/data-table/data-table';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { PageHeading } from '../../components/page-heading';
import type { Run } from '../../lib/api-types';
import { usePagedRuns, type RunFilter } from './api/get-runs';
import { RunCard, runColumns } from './run-columns';
import { RunFilters } from './run-filters';
import { runTitle } from './run-title';
import { RunsSelection } from './runs-selection';
import classes from './runs-page.module.css';

interface RunsPageProps {
  filter: RunFilter;
  onFilter: (filter: RunFilter) => void;
}

export function RunsPage({ filter, onFilter }: RunsPageProps) {
  useDocumentTitle('Runs · Weaver');
  const navigate = useNavigate();
  const runs = usePagedRuns(filter);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const filtered = Object.keys(filter).length > 0;
  const open = (run: Run) => void navigate({ to: '/runs/$runId', params: { runId: run.id } });
  return (
    <>
      <PageHeading title="Runs">
        <div className={classes.buttons}>
          <RunsSelection selected={selected} rows={runs.rows} onSelect={setSelected} />
          <Button component={Link} to="/new" size="sm">
            New run
          </Button>
        </div>
      </PageHeading>
      <RunFilters filter={filter} onFilter={onFilter} />
      {runs.error && (
        <div className={classes.notice}>
          <ErrorNotice
            title={runs.total === null ? 'The runs could not be loaded' : 'These runs may be old'}
            error={runs.error}
            onRetry={runs.retry}
          />
        </div>
      )}
      {(runs.total !== null || runs.error === null) && (
        <DataTable
          label="Runs"
          testId="runs-table"
          columns={runColumns}
          rows={runs.rows}
          onNeed={runs.need}
          rowKey={runId}
          rowName={runTitle}
          rowData={runData}
          onOpen={open}
          selection={{ selected, onChange: setSelected }}
          card={runCard}
          cardHeight={88}
          empty={filtered ? <NoneFound /> : <NoRuns />}
        />
      )}
    </>
  );
}

const runId = (run: Run) => run.id;
const runData = (run: Run) => ({ 'data-testid': 'run-row', 'data-run-id': run.id });
const runCard = (run: Run) => <RunCard run={run} />;

function NoRuns() {
  return (
    <EmptyState title="No runs yet" command="weaver backtest sma_cross --symbol BTC/USD --timeframe 1h">
      Start the first run with the button above, or from the command line. It appears here by itself.
    </EmptyState>
  );
}

function NoneFound() {
  return <EmptyState title="No run is like that">Clear a filter above to see more.</EmptyState>;
}
