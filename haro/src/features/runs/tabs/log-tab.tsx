import { Skeleton, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { Panel } from '../../../components/panel';
import { UtcTime } from '../../../components/utc-time';
import type { LogLine, Run } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { fetchLogPage, runLogKey } from '../api/run-lists';
import { ListFilters } from '../list-filter';
import type { TabProps } from '../run-tabs';
import { useSparseList } from '../sparse-list';
import { VirtualList } from '../virtual-list';
import classes from './log-tab.module.css';

/** What the strategy wrote, and what Weaver itself says of the run: the newest line first. */
export function LogTab({ run }: TabProps) {
  const [words, setWords] = useState('');
  const [settled] = useDebouncedValue(words.trim(), 250);
  return (
    <Panel title="Log" flush aside="the newest first, the market's times">
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
  if (list.error !== null) return <ErrorNotice title="The log could not be loaded" error={list.error} />;
  if (list.isLoading) return <Skeleton height={320} radius={0} aria-label="Loading the log" />;
  if (list.total === 0 && words !== '') return <EmptyState title="No line holds these words" />;
  if (list.total === 0)
    return (
      <EmptyState title="Nothing was logged">
        A strategy writes lines with ctx.log; Weaver adds its own to paper and live runs.
      </EmptyState>
    );
  return (
    <VirtualList
      label={`${formatCount(list.total)} lines of the log`}
      count={list.total}
      rowHeight={34}
      onPlaces={list.need}
      row={(place) => <Line line={list.rowAt(place)} />}
      testId="log-list"
    />
  );
}

function Line({ line }: { line: LogLine | undefined }) {
  if (line === undefined) return <div className={classes.line} aria-busy="true" />;
  const fields = Object.entries(line.fields).map(([name, value]) => `${name}=${String(value)}`);
  return (
    <div
      className={classes.line}
      data-level={line.level}
      data-testid="log-line"
      title={`${line.message} ${fields.join(' ')}`}
    >
      <span className={classes.dim}>
        <UtcTime at={line.at} seconds />
      </span>
      <span className={classes.source}>{line.source}</span>
      <span className={classes.level}>{line.level}</span>
      <span className={classes.message}>
        {line.message} <span className={classes.dim}>{fields.join(' ')}</span>
      </span>
    </div>
  );
}
