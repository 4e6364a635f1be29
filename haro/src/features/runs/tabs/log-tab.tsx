import { Skeleton, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { DataTable } from '../../../components/data-table/data-table';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { Panel } from '../../../components/panel';
import type { LogLine, Run } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { fetchLogPage, runLogKey } from '../api/run-lists';
import { ListFilters } from '../list-filter';
import { logLook } from '../log-columns';
import type { TabProps } from '../run-tabs';
import { useSparseList } from '../sparse-list';

/** What the strategy wrote, and what Weaver itself says of the run: the newest line first. */
export function LogTab({ run }: TabProps) {
  const [words, setWords] = useState('');
  const [settled] = useDebouncedValue(words.trim(), 250);
  return (
    <Panel title="Log" flush aside="the newest first">
      <ListFilters>
        <TextInput
          size="xs"
          aria-label="Words in a line"
          placeholder="find words"
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value);
          }}
        />
      </ListFilters>
      <Lines key={settled} run={run} words={settled} />
    </Panel>
  );
}

function Lines({ run, words }: { run: Run; words: string }) {
  const list = useSparseList<LogLine>([...runLogKey(run.id), words], (page, size, signal) =>
    fetchLogPage(run.id, page, size, words, signal),
  );
  if (list.error !== null)
    return <ErrorNotice title="The log could not be loaded" error={list.error} onRetry={list.retry} />;
  if (list.isLoading) return <Skeleton height={320} radius={0} aria-label="Loading the log" />;
  if (list.total === 0 && words !== '') return <EmptyState title="No line holds these words" />;
  if (list.total === 0)
    return (
      <EmptyState title="Nothing was logged">
        A strategy writes lines with ctx.log; Weaver adds its own to paper and live runs.
      </EmptyState>
    );
  return (
    <DataTable
      label={`${formatCount(list.total)} lines of the log`}
      testId="log-list"
      {...logLook}
      rows={list.rows}
      onNeed={list.need}
      inPanel
    />
  );
}
