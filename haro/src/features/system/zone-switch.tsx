import { SegmentedControl } from '@mantine/core';
import { chooseTimeZone, localZoneName, timeZones, useTimeZone, zoneName } from '../../lib/time-zone';

/** Which zone all times on the page are in. */
export function ZoneSwitch() {
  const zone = useTimeZone();
  return (
    <SegmentedControl
      size="xs"
      aria-label="Time zone of all times on this page"
      title={`UTC, the time of the US exchanges, or of this machine: ${localZoneName()}`}
      value={zone}
      data={timeZones.map((value) => ({ value, label: value === 'local' ? 'Local' : zoneName(value) }))}
      onChange={chooseTimeZone}
    />
  );
}
