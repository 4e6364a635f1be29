import { createTheme, Input, type CSSVariablesResolver } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'loom',
  primaryShade: { light: 8, dark: 8 },
  colors: {
    dark: [
      '#c9d2dc',
      '#b4bfcb',
      '#8d9aa9',
      '#5d6a79',
      '#2a3441',
      '#232c38',
      '#1a212b',
      '#141a22',
      '#0f141a',
      '#0a0e13',
    ],
    loom: [
      '#e6fbf3',
      '#c9f3e2',
      '#9be6ca',
      '#68d8af',
      '#40cc98',
      '#28bf88',
      '#17a575',
      '#0f8f65',
      '#0b7a56',
      '#086146',
    ],
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  defaultRadius: 6,
  cursorType: 'pointer',
  components: {
    // It says what is being loaded, which a plain element may not.
    Skeleton: { defaultProps: { role: 'status' } },
    // The cross of a dialog, a drawer or a notification has no name of its own.
    CloseButton: { defaultProps: { 'aria-label': 'Close' } },
    // Hints under the field: fields side by side stay on one line whether they have a hint or not.
    InputWrapper: Input.Wrapper.extend({
      defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] },
    }),
  },
});

/** Mantine's own surfaces follow the page's colours (palette.css), so that there is one palette. */
const shared = {
  '--mantine-color-body': 'var(--w-page)',
  '--mantine-color-text': 'var(--w-text)',
  '--mantine-color-dimmed': 'var(--w-dim)',
  '--mantine-color-placeholder': 'var(--w-dim)',
  '--mantine-color-error': 'var(--w-down)',
  '--mantine-color-default': 'var(--w-raised)',
  '--mantine-color-default-hover': 'var(--w-hover)',
  '--mantine-color-default-color': 'var(--w-text)',
  '--mantine-color-default-border': 'var(--w-line)',
  '--mantine-color-red-outline': 'var(--w-down)',
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, dark: shared, light: shared });
