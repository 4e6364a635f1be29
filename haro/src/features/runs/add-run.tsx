import { Button, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { ModeBadge } from '../../components/mode-badge';
import { UtcTime } from '../../components/utc-time';
import type { Run } from '../../lib/api-types';
import { hasWords } from '../../lib/search-text';
import classes from './add-run.module.css';
import { useRecentRuns } from './api/get-runs';
import { mostRuns } from './compared-look';
import { runTitle } from './run-title';

interface AddRunProps {
  chosen: string[];
  onAdd: (id: string) => void;
}

const mostFound = 8;

/** Finds a run among the newest by name, strategy, symbol or tag. */
export function AddRun({ chosen, onAdd }: AddRunProps) {
  const [text, setText] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const isFull = chosen.length >= mostRuns;
  const close = () => {
    setText(null);
    button.current?.focus();
  };
  return (
    <div
      className={classes.holder}
      onKeyDown={({ key }) => {
        if (key === 'Escape') close();
      }}
    >
      <Button
        ref={button}
        size="sm"
        variant="default"
        aria-expanded={text !== null}
        disabled={isFull}
        title={isFull ? `Not more than ${mostRuns} at a time` : undefined}
        onClick={() => {
          setText((before) => (before === null ? '' : null));
        }}
      >
        Add a run
      </Button>
      {text !== null && !isFull && (
        <div className={classes.sheet}>
          <TextInput
            type="search"
            size="sm"
            autoFocus
            aria-label="Find a run by name, strategy, symbol or tag"
            placeholder="Name, strategy, symbol, tag"
            value={text}
            onChange={({ currentTarget }) => {
              setText(currentTarget.value);
            }}
          />
          <Found text={text} chosen={chosen} onAdd={onAdd} />
        </div>
      )}
    </div>
  );
}

function Found({ text, chosen, onAdd }: AddRunProps & { text: string }) {
  const runs = useRecentRuns(true);
  if (runs.data === undefined)
    return <p className={classes.note}>{runs.isError ? 'The runs could not be loaded.' : 'Loading the runs …'}</p>;
  const found = runs.data.items.filter((run) => !chosen.includes(run.id) && hasWords(searchedText(run), text));
  return (
    <>
      <ul className={classes.list} aria-label="Found runs">
        {found.slice(0, mostFound).map((run) => (
          <li key={run.id}>
            <button
              type="button"
              className={classes.choice}
              onClick={() => {
                onAdd(run.id);
              }}
            >
              <span className={classes.title}>{runTitle(run)}</span>
              <ModeBadge mode={run.mode} />
              <span className={classes.facts}>
                {run.strategy_id} · {run.symbols.join(', ')} {run.timeframe} · {run.status} ·{' '}
                <UtcTime at={run.created_at} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className={classes.note} role="status">
        {found.length === 0 ? 'No such run' : `${Math.min(found.length, mostFound)} of ${found.length}`} among the{' '}
        {runs.data.items.length} newest
      </p>
    </>
  );
}

const searchedText = (run: Run): string =>
  [runTitle(run), run.strategy_id, ...run.symbols, ...run.tags, run.mode, run.status, run.timeframe, run.id].join(' ');
