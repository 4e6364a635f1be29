import { TextInput, type TextInputProps } from '@mantine/core';
import { fromFieldMinute, toFieldMinute } from '../lib/time-format';
import { useTimeZone, zoneName } from '../lib/time-zone';

interface MomentFieldProps extends Pick<TextInputProps, 'name' | 'size' | 'error'> {
  label: string;
  /** An instant, ISO 8601; empty for none. */
  value: string;
  /** Empty for what is no time. */
  onChange: (value: string) => void;
}

/** An instant to the minute, shown and typed in the zone chosen in the header; the label says which. */
export function MomentField({ label, value, onChange, ...field }: MomentFieldProps) {
  const zone = useTimeZone();
  return (
    <TextInput
      {...field}
      type="datetime-local"
      label={`${label} (${zoneName(zone)})`}
      value={toFieldMinute(value, zone)}
      onChange={({ currentTarget }) => {
        onChange(fromFieldMinute(currentTarget.value, zone) ?? '');
      }}
    />
  );
}
