import { Skeleton, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { Panel } from '../../../components/panel';
import type { Envelope } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { fetchEvents, type Selection } from '../api/journal-copy';
import { runEventsKey } from '../api/run-events';
import { mostSearched, useSearchedEvents } from '../api/search-events';
import { EventDrawer } from '../event-drawer';
import { eventKinds, typesOfKind, type EventKind } from '../event-kinds';
import { EventRow } from '../event-row';
import { mentions } from '../event-text';
import { Choice, ListFilters } from '../list-filter';
import type { TabProps } from '../run-tabs';
import { useSparseList } from '../sparse-list';
import { VirtualList } from '../virtual-list';

const rowHeight = 34;

/** The run's part of the journal, the newest event first. New events come in at the top. */
export function EventsTab({ run, onPlace }: TabProps) {
  const [kind, setKind] = useState<EventKind>();
  const [words, setWords] = useState('');
  const [settled] = useDebouncedValue(words.trim(), 250);
  const [opened, setOpened] = useState<Envelope | null>(null);
  const types = kind === undefined ? [] : typesOfKind[kind];
  const chosen = { runId: run.id, types };
  const List = settled === '' ? AllEvents : FoundEvents;
  return (
    <Panel title="Events" flush aside="the newest first, times of recording">
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
      <List key={`${run.id} ${kind ?? ''}`} chosen={chosen} words={settled} onOpen={setOpened} />
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

interface EventListProps {
  chosen: Selection;
  words: string;
  onOpen: (event: Envelope) => void;
}

function AllEvents({ chosen, onOpen }: EventListProps) {
  const list = useSparseList<Envelope>([...runEventsKey(chosen.runId), 'list', chosen.types], (page, size, signal) =>
    fetchEvents(chosen, page, size, signal),
  );
  if (list.error !== null) return <ErrorNotice title="The events could not be loaded" error={list.error} />;
  if (list.isLoading) return <Skeleton height={420} radius={0} aria-label="Loading the events" />;
  if (list.total === 0) return <EmptyState title="No such events" />;
  return (
    <VirtualList
      label={`${formatCount(list.total)} events`}
      count={list.total}
      rowHeight={rowHeight}
      onPlaces={list.need}
      row={(place) => <EventRow event={list.rowAt(place)} onOpen={onOpen} />}
      testId="events-list"
    />
  );
}

/** The server does not search: the newest events are, here. */
function FoundEvents({ chosen, words, onOpen }: EventListProps) {
  const copy = useSearchedEvents(chosen, true);
  const found = useMemo(() => copy.data?.events.filter((event) => mentions(event, words)) ?? [], [copy.data, words]);
  if (copy.isError) return <ErrorNotice title="The events could not be searched" error={copy.error} />;
  if (copy.data === undefined) return <Skeleton height={420} radius={0} aria-label="Searching the events" />;
  const searched = copy.data.events.length;
  const scope =
    copy.data.firstPage > 1
      ? `the newest ${formatCount(mostSearched)} were searched`
      : `${formatCount(searched)} were searched`;
  if (found.length === 0) return <EmptyState title="No event holds these words">{scope}.</EmptyState>;
  return (
    <VirtualList
      label={`${formatCount(found.length)} events found; ${scope}`}
      count={found.length}
      rowHeight={rowHeight}
      row={(place) => <EventRow event={found[place]} onOpen={onOpen} />}
      testId="events-list"
    />
  );
}
