import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './confirm-dialog.module.css';
import { useFocusBack } from './focus-back';

interface ConfirmDialogProps {
  open: boolean;
  title: string;
  /** What will happen, and what will not. */
  children: ReactNode;
  /** The verb on the button: "Delete 3 runs", never "OK". */
  confirm: string;
  /** Red: what it does cannot be undone. */
  dangerous?: boolean;
  busy?: boolean;
  /** Where something is still missing, such as a name to be typed. */
  disabled?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before a command that matters. The way out has the focus; who asked has it again afterwards. */
export function ConfirmDialog({ open, title, children, confirm, onConfirm, onClose, ...options }: ConfirmDialogProps) {
  const { dangerous = false, busy = false, disabled = false } = options;
  useFocusBack(open);
  return (
    <Modal opened={open} onClose={onClose} title={title} centered classNames={{ title: classes.title ?? '' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        <div className={classes.body}>{children}</div>
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={disabled} {...(dangerous && { color: 'red' })}>
            {confirm}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
