import { ConfirmDialog } from '../../components/confirm-dialog';
import { useResume } from './api/switch-trading';

interface ResumeDialogProps {
  open: boolean;
  onClose: () => void;
}

export function ResumeDialog({ open, onClose }: ResumeDialogProps) {
  const resume = useResume();
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Resume trading?"
      confirm="Resume trading"
      busy={resume.isPending}
      onConfirm={() => {
        resume.mutate(undefined, { onSuccess: onClose });
      }}
    >
      <p>
        The paper and live runs that are at work may place orders again, from their next bar on. Orders that were
        cancelled by the halt do not come back.
      </p>
    </ConfirmDialog>
  );
}
