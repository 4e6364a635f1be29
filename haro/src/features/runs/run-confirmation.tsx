import { TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { ConfirmDialog } from '../../components/confirm-dialog';
import type { Confirmation } from './run-actions';

interface RunConfirmationProps {
  confirmation: Confirmation;
  /** Has to be typed before the button works: for what costs real money. */
  nameToType: string | null;
  busy: boolean;
  /** What went wrong when it was tried. */
  children?: ReactNode;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Mount it to ask; the reader's answer is one of the two callbacks. */
export function RunConfirmation(props: RunConfirmationProps) {
  const { confirmation, nameToType, busy, children, onConfirm, onCancel } = props;
  const [typed, setTyped] = useState('');
  return (
    <ConfirmDialog
      open
      dangerous
      title={confirmation.title}
      confirm={confirmation.button}
      busy={busy}
      disabled={nameToType !== null && typed.trim() !== nameToType.trim()}
      onConfirm={onConfirm}
      onClose={onCancel}
    >
      <p>{confirmation.text}</p>
      {nameToType !== null && (
        <TextInput
          label={`This run trades real money. Type its name to go on: ${nameToType}`}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
          }}
          autoComplete="off"
          spellCheck={false}
          data-testid="confirm-name"
        />
      )}
      {children}
    </ConfirmDialog>
  );
}
