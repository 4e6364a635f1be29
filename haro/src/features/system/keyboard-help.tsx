import { Kbd, Modal } from '@mantine/core';
import { modifierKey } from '../../lib/modifier-key';
import classes from './keyboard-help.module.css';

interface KeyboardHelpProps {
  open: boolean;
  onClose: () => void;
}

const keys: { keys: string[]; does: string }[] = [
  { keys: [modifierKey, 'K'], does: 'Go to a page or a run, or do something' },
  { keys: ['?'], does: 'This help' },
  { keys: ['Tab'], does: 'To the next field, button or table' },
  { keys: ['↑', '↓', 'PgUp', 'PgDn', 'Home', 'End'], does: 'Move in a table' },
  { keys: ['←', '↑', '↓', '→'], does: 'Move in a sweep’s heatmap' },
  { keys: ['Enter'], does: 'Open the row' },
  { keys: ['Space'], does: 'Select the row' },
  { keys: ['Esc'], does: 'Close what is open' },
];

export function KeyboardHelp({ open, onClose }: KeyboardHelpProps) {
  return (
    <Modal opened={open} onClose={onClose} title="Keyboard" centered>
      <dl className={classes.list}>
        {keys.map((entry) => (
          <div key={entry.does} className={classes.entry}>
            <dt>
              {entry.keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{entry.does}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
