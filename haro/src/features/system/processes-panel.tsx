import { Link } from '@tanstack/react-router';
import { Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { ZonedTime } from '../../components/zoned-time';
import type { RunningProcess } from '../../lib/api-types';
import { formatCount, unknownMark } from '../../lib/number-format';
import { useProcesses } from './api/get-processes';
import classes from './processes-panel.module.css';

const meanings: Record<RunningProcess['kind'], string> = {
  server: 'answers requests and sends events',
  projector: 'keeps the read models up to date',
  session: 'trades one run',
};

/** The server, the projector and the sessions of runs, each a process of its own. */
export function ProcessesPanel() {
  const processes = useProcesses();
  const retry = () => void processes.refetch();
  return (
    <Panel title="Processes" aside="of this server" flush>
      {processes.isError && (
        <div className={classes.notice}>
          <ErrorNotice title="What runs here is not known" error={processes.error} onRetry={retry} />
        </div>
      )}
      {processes.data === undefined ? (
        !processes.isError && <Skeleton height={80} aria-label="Loading the processes" />
      ) : (
        <ul className={classes.list} data-testid="processes">
          {processes.data.items.map(({ kind, pid, run_id: runId, since, memory_bytes: memory, threads }) => (
            <li key={pid}>
              <strong>{kind}</strong>
              <span className={classes.meaning}>{meanings[kind]}</span>
              <span>process {pid}</span>
              <span>{memory === null ? unknownMark : `${formatCount(Math.round(memory / 1_000_000))} MB`}</span>
              <span>
                since <ZonedTime at={since} seconds />
              </span>
              {runId !== null && (
                <Link to="/runs/$runId" params={{ runId }} className={classes.run}>
                  run {runId.slice(-6)}
                </Link>
              )}
              {threads.length > 0 && <span className={classes.threads}>threads: {threads.join(', ')}</span>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
