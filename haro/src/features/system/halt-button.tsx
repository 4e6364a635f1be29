import { Button } from '@mantine/core';
import { useRisk } from './api/get-risk';
import classes from './halt.module.css';

/** Always in reach. Whatever is unknown, trading can be halted. */
export function HaltButton({ onHalt }: { onHalt: () => void }) {
  const { data: risk } = useRisk();
  if (risk?.halted) return <span className={classes.state}>Halted</span>;
  return (
    <Button
      size="compact-sm"
      color="red"
      className={classes.button ?? ''}
      data-testid="halt-button"
      title="No paper or live run places an order any more"
      onClick={onHalt}
    >
      Halt
    </Button>
  );
}
