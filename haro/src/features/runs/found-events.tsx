import { Button, Skeleton } from '@mantine/core';
import { useMemo } from 'react';
import { DataTable } from '../../components/data-table/data-table';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import type { Envelope } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import type { Selection } from './api/journal-copy';
import { readAtOnce, useSearchedEvents } from './api/search-events';
import { eventsLook } from './event-columns';
import { mentions } from './event-text';
import classes from './found-events.module.css';

interface FoundEventsProps {
  chosen: Selection;
  words: string;
  onOpen: (event: Envelope) => void;
}

/** The events that hold the words, among those that were read, and how far back that goes. */
export function FoundEvents({ chosen, words, onOpen }: FoundEventsProps) {
  const { copy, earlier } = useSearchedEvents(chosen);
  const { data } = copy;
  const found = useMemo(() => (data?.events ?? []).filter((event) => mentions(event, words)).reverse(), [data, words]);
  if (data === undefined) {
    if (!copy.isError) return <Skeleton height={420} radius={0} aria-label="Searching the events" />;
    const retry = () => void copy.refetch();
    return <ErrorNotice title="The events could not be searched" error={copy.error} onRetry={retry} />;
  }
  const searched = formatCount(data.events.length);
  const isWhole = data.firstPage === 1;
  return (
    <>
      <p className={classes.scope} role="status">
        {formatCount(found.length)} found in {isWhole ? `all ${searched}` : `the newest ${searched}`} events
        {!isWhole && (
          <Button
            size="compact-xs"
            variant="default"
            loading={earlier.isPending}
            onClick={() => {
              earlier.mutate();
            }}
          >
            Search {formatCount(readAtOnce)} before them
          </Button>
        )}
      </p>
      {earlier.isError && <ErrorNotice title="Earlier events could not be read" error={earlier.error} />}
      <DataTable
        label="Events found"
        testId="events-list"
        {...eventsLook}
        rows={found}
        onOpen={onOpen}
        empty={<EmptyState title="No event holds these words" />}
        inPanel
      />
    </>
  );
}
