import { Skeleton, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { DataTable } from '../../../components/data-table/data-table';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { Panel } from '../../../components/panel';
import type { Envelope } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { fetchEvents, type Selection } from '../api/journal-copy';
import { runEventsKey } from '../api/run-events';
import { eventsLook } from '../event-columns';
import { EventDrawer } from '../event-drawer';
import { eventKinds, typesOfKind, type EventKind } from '../event-kinds';
import { FoundEvents } from '../found-events';
import { Choice, ListFilters } from '../list-filter';
import type { TabProps } from '../run-tabs';
import { useSparseList } from '../sparse-list';

/** The run's part of the journal, the newest event first. New events come in at the top. */
export function EventsTab({ run, onPlace }: TabProps) {
  const [kind, setKind] = useState<EventKind>();
  const [words, setWords] = useState('');
  const [settled] = useDebouncedValue(words.trim(), 250);
  const [opened, setOpened] = useState<Envelope | null>(null);
  const types = kind === undefined ? [] : typesOfKind[kind];
  const chosen = { runId: run.id, types };
  const key = `${run.id} ${kind ?? ''}`;
  return (
    <Panel title="Events" flush aside="the newest first">
      <ListFilters>
        <Choice label="Kind of event" all="every kind" values={eventKinds} value={kind} onChange={setKind} />
        <TextInput
          size="xs"
          aria-label="Words in an event"
          placeholder="find words"
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value);
          }}
        />
      </ListFilters>
      {settled === '' ? (
        <AllEvents key={key} chosen={chosen} onOpen={setOpened} />
      ) : (
        <FoundEvents key={key} chosen={chosen} words={settled} onOpen={setOpened} />
      )}
      <EventDrawer
        event={opened}
        onClose={() => {
          setOpened(null);
        }}
        onPlace={onPlace}
      />
    </Panel>
  );
}

function AllEvents({ chosen, onOpen }: { chosen: Selection; onOpen: (event: Envelope) => void }) {
  const list = useSparseList<Envelope>([...runEventsKey(chosen.runId), 'list', chosen.types], (page, size, signal) =>
    fetchEvents(chosen, page, size, signal),
  );
  if (list.error !== null)
    return <ErrorNotice title="The events could not be loaded" error={list.error} onRetry={list.retry} />;
  if (list.isLoading) return <Skeleton height={420} radius={0} aria-label="Loading the events" />;
  return (
    <DataTable
      label={`${formatCount(list.total)} events`}
      testId="events-list"
      {...eventsLook}
      rows={list.rows}
      onNeed={list.need}
      onOpen={onOpen}
      empty={<EmptyState title="No such events" />}
      inPanel
    />
  );
}
