import { Tooltip } from '@mantine/core';

/** Says which indicators of the strategy are not drawn, and why when it is pointed at. */
export function MissingIndicators({ missing }: { missing: readonly { label: string; reason: string }[] }) {
  if (missing.length === 0) return null;
  const reasons = missing.map(({ label, reason }) => `${label}: ${reason}`).join('; ');
  return (
    <Tooltip label={reasons} multiline maw={360} events={{ hover: true, focus: true, touch: true }}>
      <span tabIndex={0}>{missing.length === 1 ? missing[0]?.label : `${missing.length} indicators`} not drawn</span>
    </Tooltip>
  );
}
