import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { ConfirmDialog } from '../../components/confirm-dialog';
import { useHalt } from './api/switch-trading';

interface HaltDialogProps {
  open: boolean;
  onClose: () => void;
}

export function HaltDialog({ open, onClose }: HaltDialogProps) {
  const [reason, setReason] = useState('');
  const halt = useHalt();
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Halt all trading?"
      confirm="Halt all trading"
      dangerous
      busy={halt.isPending}
      onConfirm={() => {
        halt.mutate(reason.trim(), {
          onSuccess: () => {
            setReason('');
            onClose();
          },
        });
      }}
    >
      <p>
        From this moment <strong>no paper or live run places an order</strong>, and the open orders are cancelled.
        Positions stay, unless a run was told to flatten on a halt. It holds over restarts, until you resume.
      </p>
      <TextInput
        label="Reason"
        description="Kept in the journal, for whoever reads it later."
        value={reason}
        maxLength={500}
        autoComplete="off"
        onChange={(event) => {
          setReason(event.currentTarget.value);
        }}
      />
    </ConfirmDialog>
  );
}
