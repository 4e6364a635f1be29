import { SegmentedControl } from '@mantine/core';
import { chooseTimeZone, localZoneName, useTimeZone } from '../../lib/time-zone';

/** Which zone all times on the page are in. */
export function ZoneSwitch() {
  const zone = useTimeZone();
  return (
    <SegmentedControl
      size="xs"
      aria-label="Time zone of all times on this page"
      title={`UTC, or the zone of this machine: ${localZoneName()}`}
      value={zone}
      data={[
        { value: 'utc', label: 'UTC' },
        { value: 'local', label: 'Local' },
      ]}
      onChange={(chosen) => {
        chooseTimeZone(chosen === 'local' ? 'local' : 'utc');
      }}
    />
  );
}
