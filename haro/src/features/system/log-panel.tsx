import { NativeSelect, Skeleton } from '@mantine/core';
import { useState } from 'react';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { ZonedTime } from '../../components/zoned-time';
import { useProcessLog, type LogLevel } from './api/get-process-log';
import classes from './log-panel.module.css';

const levels: LogLevel[] = ['debug', 'info', 'warning', 'error'];

/** What the server wrote last, the newest line first. */
export function LogPanel() {
  const [level, setLevel] = useState<LogLevel>('info');
  const log = useProcessLog(level);
  const choice = (
    <NativeSelect
      size="xs"
      aria-label="Least level"
      data={levels}
      value={level}
      onChange={({ currentTarget }) => {
        setLevel(levels.find((one) => one === currentTarget.value) ?? 'info');
      }}
    />
  );
  return (
    <Panel title="Log" aside={choice} flush>
      {log.isError && (
        <div className={classes.notice}>
          <ErrorNotice title="The log could not be read" error={log.error} onRetry={() => void log.refetch()} />
        </div>
      )}
      {log.data === undefined ? (
        !log.isError && <Skeleton height={200} aria-label="Loading the log" />
      ) : (
        <ol className={classes.lines} data-testid="log" tabIndex={0} aria-label="The newest lines of the log">
          {log.data.items.toReversed().map((line) => (
            <li key={line.number} data-level={line.level}>
              <ZonedTime at={line.at} seconds /> <span className={classes.level}>{line.level}</span>{' '}
              <span className={classes.message}>{line.message}</span>{' '}
              <span className={classes.fields}>{fieldsText(line.fields)}</span>
            </li>
          ))}
          {log.data.items.length === 0 && <li>Nothing of that level.</li>}
        </ol>
      )}
    </Panel>
  );
}

function fieldsText(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
