import { TextInput } from '@mantine/core';
import { useState } from 'react';

interface FilterFieldProps {
  label: string;
  placeholder: string;
  /** What the address says. */
  value: string;
  onChange: (value: string) => void;
}

/** A text that filters what is shown and stands in the address. While it is typed in, what was typed counts. */
export function FilterField({ label, placeholder, value, onChange }: FilterFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <TextInput
      type="search"
      size="sm"
      w="min(100%, 18rem)"
      aria-label={label}
      placeholder={placeholder}
      value={typed ?? value}
      onFocus={() => {
        setTyped(value);
      }}
      onBlur={() => {
        setTyped(null);
      }}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        onChange(currentTarget.value);
      }}
    />
  );
}
