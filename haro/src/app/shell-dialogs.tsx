/** What opens over any page. Loaded after the page: it is not needed to see anything. */
import '@mantine/notifications/styles.css';
import { Notifications } from '@mantine/notifications';
import { HaltDialog } from '../features/system/halt-dialog';
import { KeyboardHelp } from '../features/system/keyboard-help';
import { ResumeDialog } from '../features/system/resume-dialog';
import { CommandPalette } from './command-palette';
import type { ShellDialog } from './shell';

interface ShellDialogsProps {
  open: ShellDialog | null;
  onOpen: (dialog: ShellDialog | null) => void;
}

export function ShellDialogs({ open, onOpen }: ShellDialogsProps) {
  const close = () => {
    onOpen(null);
  };
  return (
    <>
      <Notifications position="bottom-right" limit={4} />
      <CommandPalette open={open === 'palette'} onOpen={onOpen} />
      <KeyboardHelp open={open === 'keys'} onClose={close} />
      <HaltDialog open={open === 'halt'} onClose={close} />
      <ResumeDialog open={open === 'resume'} onClose={close} />
    </>
  );
}
