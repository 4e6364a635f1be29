import { Skeleton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { EmptyState } from '../../../components/empty-state';
import { ErrorNotice } from '../../../components/error-notice';
import { Panel } from '../../../components/panel';
import { useEventPlaces } from '../api/event-places';
import { usePast } from '../api/get-past';
import { ForkFromHere } from '../fork/fork-from-here';
import type { TabProps } from '../run-tabs';
import { PastStanding } from '../time-travel/past-standing';
import { TimeSlider } from '../time-travel/time-slider';

const restMs = 150;

/** How the run stood after any of its events; the event is in the address. */
export function TimeTravelTab({ run, at, onPlace }: TabProps) {
  const { total, place, event, error, isLoading, go } = useEventPlaces(run.id, at, (position) => {
    onPlace({ tab: 'time-travel', at: position });
  });
  // While the slider is dragged only the event is shown; how things stood is asked for where it rests.
  const [rested] = useDebouncedValue(event, restMs);
  const marketTime = rested?.payload.at;
  // A backtest marks its equity at its end: at one of its orders it is found by the market's time.
  const atMarket = run.mode === 'backtest' && rested?.type.startsWith('order.') === true;
  const equityAt = atMarket && typeof marketTime === 'string' ? marketTime : (rested?.position ?? 0);
  const past = usePast(run.id, rested?.position ?? null, equityAt);
  if (error !== null) return <ErrorNotice title="The run's events could not be loaded" error={error} />;
  if (isLoading) return <Skeleton height={360} aria-label="Loading the run's events" />;
  if (total === 0) return <EmptyState title="Nothing has happened yet" />;
  return (
    <>
      <Panel title="Time travel" aside="arrow keys step from event to event">
        <TimeSlider total={total} place={place} event={event} onPlace={go} />
        <ForkFromHere run={run} event={event} />
      </Panel>
      {past.isError && <ErrorNotice title="How things stood could not be loaded" error={past.error} />}
      {past.data === undefined && !past.isError && <Skeleton height={280} aria-label="Loading how things stood" />}
      {past.data !== undefined && <PastStanding past={past.data} isOld={past.isPlaceholderData} />}
    </>
  );
}
