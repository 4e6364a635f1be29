import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import classes from './confirm-dialog.module.css';
import type { Confirmation } from './run-actions';

interface ConfirmDialogProps {
  confirmation: Confirmation;
  /** Has to be typed before the button works: for what costs real money. */
  nameToType?: string | null;
  busy: boolean;
  /** What went wrong when it was tried. */
  children?: ReactNode;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Mount it to ask; the reader's answer is one of the two callbacks. */
export function ConfirmDialog({ confirmation, nameToType, busy, children, onConfirm, onCancel }: ConfirmDialogProps) {
  const [typed, setTyped] = useState('');
  const wanted = nameToType ?? null;
  const allowed = wanted === null || typed.trim() === wanted.trim();
  return (
    <Modal opened centered onClose={onCancel} title={confirmation.title} classNames={{ title: classes.title ?? '' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (allowed && !busy) onConfirm();
        }}
      >
        <p className={classes.text}>{confirmation.text}</p>
        {wanted !== null && (
          <TextInput
            label="This run trades real money. Type its name to go on"
            description={wanted}
            value={typed}
            onChange={(event) => {
              setTyped(event.currentTarget.value);
            }}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            data-testid="confirm-name"
          />
        )}
        {children}
        <Group justify="flex-end" mt="md" gap="sm">
          <Button variant="default" size="sm" onClick={onCancel}>
            Leave it
          </Button>
          <Button type="submit" size="sm" color="red" disabled={!allowed} loading={busy} data-testid="confirm">
            {confirmation.button}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
