import { Button } from '@mantine/core';
import { ZonedTime, ZoneName } from '../../components/zoned-time';
import { useRisk } from './api/get-risk';
import classes from './halt.module.css';

/** Across every page for as long as trading is halted: since when, and why. */
export function HaltBanner({ onResume }: { onResume: () => void }) {
  const { data: risk } = useRisk();
  if (!risk?.halted) return null;
  return (
    <div className={classes.banner} role="alert" data-testid="halt-banner">
      <p className={classes.text}>
        <strong>Trading is halted.</strong>{' '}
        {risk.halted_at !== null && (
          <span>
            Since <ZonedTime at={risk.halted_at} seconds /> <ZoneName />.{' '}
          </span>
        )}
        <span>{risk.reason === null || risk.reason === '' ? 'No reason was given.' : `Reason: ${risk.reason}`}</span>
      </p>
      <Button size="compact-sm" variant="white" color="red" className={classes.resume ?? ''} onClick={onResume}>
        Resume…
      </Button>
    </div>
  );
}
