import { Checkbox, NativeSelect, SegmentedControl } from '@mantine/core';
import { ModeBadge } from '../../components/mode-badge';
import type { Info, RunMode } from '../../lib/api-types';
import type { DraftProps } from './draft-fields';
import classes from './run-form.module.css';

const meanings: Record<RunMode, string> = {
  backtest: 'Replays stored bars as fast as it can. No exchange, no money.',
  paper: 'Trades bars as they close, with play money: at the simulated exchange, or in an exchange’s paper account.',
  live: 'Trades REAL MONEY at the exchange, by itself, until it is stopped. Begin with small limits.',
};

interface ModeFieldsProps extends DraftProps {
  info: Info;
  understood: boolean;
  onUnderstood: (understood: boolean) => void;
}

/** Which money is traded, and where. */
export function ModeFields({ draft, problems, onEdit, info, understood, onUnderstood }: ModeFieldsProps) {
  const exchanges = [...new Set([...info.exchanges, draft.exchange])].filter(Boolean);
  const canLive = info.exchanges.some((exchange) => exchange !== 'simulated');
  return (
    <>
      <div className={classes.wide}>
        <SegmentedControl
          aria-label="Mode"
          value={draft.mode}
          data={[
            { value: 'backtest', label: 'Backtest' },
            { value: 'paper', label: 'Paper' },
            { value: 'live', label: 'Live', disabled: !canLive },
          ]}
          onChange={(mode) => {
            const chosen = exchanges.find((exchange) => mode === 'paper' || exchange !== 'simulated') ?? '';
            onEdit({ mode, exchange: mode === 'backtest' ? '' : chosen });
          }}
        />
        <p className={classes.meaning} data-mode={draft.mode}>
          <ModeBadge mode={draft.mode} /> {meanings[draft.mode]}
        </p>
        {!canLive && (
          <p className={classes.note}>
            Live needs an exchange with keys: <code>weaver doctor</code> says which are configured.
          </p>
        )}
      </div>
      {draft.mode !== 'backtest' && (
        <NativeSelect
          label="Exchange"
          name="exchange"
          data={exchanges.filter((exchange) => draft.mode === 'paper' || exchange !== 'simulated')}
          value={draft.exchange}
          error={problems.exchange}
          onChange={(event) => {
            onEdit({ exchange: event.currentTarget.value });
          }}
        />
      )}
      {draft.mode === 'live' && (
        <Checkbox
          className={classes.wide ?? ''}
          name="understood"
          label="I understand that this run trades real money without asking me again."
          checked={understood}
          error={problems.understood}
          onChange={(event) => {
            onUnderstood(event.currentTarget.checked);
          }}
        />
      )}
    </>
  );
}
