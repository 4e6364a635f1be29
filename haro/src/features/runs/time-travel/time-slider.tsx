import { ActionIcon, Slider } from '@mantine/core';
import { ZonedTime } from '../../../components/zoned-time';
import type { Envelope } from '../../../lib/api-types';
import { formatCount } from '../../../lib/number-format';
import { eventText } from '../event-text';
import classes from './time-slider.module.css';

interface TimeSliderProps {
  total: number;
  /** Of the event shown, from 0. */
  place: number;
  event: Envelope | undefined;
  onPlace: (place: number) => void;
}

/** From the run's first event to its last; the arrow keys go from one to the next. */
export function TimeSlider({ total, place, event, onPlace }: TimeSliderProps) {
  const last = total - 1;
  return (
    <>
      <div className={classes.line}>
        <Step
          label="Event before"
          text="‹"
          disabled={place <= 0}
          onClick={() => {
            onPlace(place - 1);
          }}
        />
        <Slider
          className={classes.slider ?? ''}
          min={0}
          max={Math.max(1, last)}
          value={place}
          onChange={onPlace}
          label={null}
          thumbLabel="Event of the run"
          thumbValueText={(value) => `Event ${formatCount(value + 1)} of ${formatCount(total)}`}
          disabled={total < 2}
          data-testid="time-slider"
        />
        <Step
          label="Event after"
          text="›"
          disabled={place >= last}
          onClick={() => {
            onPlace(place + 1);
          }}
        />
      </div>
      <p className={classes.event} data-testid="time-event" aria-live="polite">
        <span className={classes.dim}>
          {formatCount(place + 1)} of {formatCount(total)}
          {event !== undefined && ` · #${event.position}`}
        </span>
        {event !== undefined && (
          <>
            <strong>{event.type}</strong>
            <span>{eventText(event)}</span>
            <span className={classes.dim}>
              recorded <ZonedTime at={event.ts} seconds />
              <MarketTime event={event} />
            </span>
          </>
        )}
      </p>
    </>
  );
}

function MarketTime({ event }: { event: Envelope }) {
  const at = event.payload.at;
  if (typeof at !== 'string' || at.slice(0, 16) === event.ts.slice(0, 16)) return null;
  return (
    <>
      , at the market <ZonedTime at={at} seconds />
    </>
  );
}

interface StepProps {
  label: string;
  text: string;
  disabled: boolean;
  onClick: () => void;
}

function Step({ label, text, disabled, onClick }: StepProps) {
  return (
    <ActionIcon variant="default" size="lg" aria-label={label} disabled={disabled} onClick={onClick}>
      {text}
    </ActionIcon>
  );
}
