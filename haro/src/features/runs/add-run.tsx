import { Button, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { ModeBadge } from '../../components/mode-badge';
import { ZonedTime } from '../../components/zoned-time';
import type { Run } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { hasWords } from '../../lib/search-text';
import classes from './add-run.module.css';
import { useRunsFromNewest } from './api/get-runs';
import { mostRuns } from './compared-look';
import { runTitle } from './run-title';

interface AddRunProps {
  chosen: string[];
  onAdd: (id: string) => void;
}

const mostFound = 8;

/** Finds a run by name, strategy, symbol or tag, however long ago it was. */
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

/** Goes back through all runs, page after page, until there are as many as can be shown or no more. */
function Found({ text, chosen, onAdd }: AddRunProps & { text: string }) {
  const runs = useRunsFromNewest(true);
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = runs;
  const read = data?.pages.flatMap(({ items }) => items) ?? [];
  const found = read.filter((run) => !chosen.includes(run.id) && hasWords(searchedText(run), text));
  const wantsMore = found.length < mostFound && hasNextPage && !isFetching && !isError;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
  if (data === undefined)
    return <p className={classes.note}>{isError ? 'The runs could not be loaded.' : 'Loading the runs …'}</p>;
  const all = formatCount(data.pages[0]?.total);
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
                <ZonedTime at={run.created_at} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className={classes.note} role="status">
        {foundText(found.length)},{' '}
        {read.length < (data.pages[0]?.total ?? 0) ? `${formatCount(read.length)} of ${all}` : `all ${all}`} runs
        searched{isError && ': the others could not be loaded'}
      </p>
    </>
  );
}

function foundText(count: number): string {
  if (count === 0) return 'No such run';
  return count > mostFound ? `The newest ${mostFound} of ${formatCount(count)} found` : `${formatCount(count)} found`;
}

const searchedText = (run: Run): string =>
  [runTitle(run), run.strategy_id, ...run.symbols, ...run.tags, run.mode, run.status, run.timeframe, run.id].join(' ');
