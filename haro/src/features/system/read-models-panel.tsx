import { Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import type { ReadModel } from '../../lib/api-types';
import { formatDuration } from '../../lib/duration-format';
import { formatCount } from '../../lib/number-format';
import { useReadModels } from '../../lib/requests/get-read-models';
import { useProcesses } from './api/get-processes';
import { modelKeeper } from './model-keeper';
import classes from './read-models-panel.module.css';
import { RebuildControl } from './rebuild-control';

/** How far each read model has followed the journal, and making one anew. */
export function ReadModelsPanel() {
  const models = useReadModels();
  const processes = useProcesses();
  const retry = () => void models.refetch();
  const keeper = models.data && modelKeeper(models.data.items, processes.data?.items);
  return (
    <Panel title="Read models" aside={keeper?.summary} flush>
      <p className={classes.meaning}>
        What the page shows, folded from the journal. A rebuild makes one anew beside the old and is safe while trading.
      </p>
      {models.isError && (
        <div className={classes.notice}>
          <ErrorNotice title="How the read models stand is not known" error={models.error} onRetry={retry} />
        </div>
      )}
      {models.data === undefined ? (
        !models.isError && <Skeleton height={300} aria-label="Loading the read models" />
      ) : (
        <ModelsTable models={models.data.items} standby={keeper?.standby ?? 'standby'} isOld={models.isError} />
      )}
    </Panel>
  );
}

interface ModelsTableProps {
  models: ReadModel[];
  /** What `standby` is called here. */
  standby: string;
  isOld: boolean;
}

function ModelsTable({ models, standby, isOld }: ModelsTableProps) {
  return (
    <table
      className={classes.table}
      role="table"
      aria-label="Read models"
      data-testid="read-models"
      data-old={isOld || undefined}
    >
      <thead role="rowgroup">
        <tr role="row">
          {['Name', 'State', 'Position', 'Lag', 'Parked', 'Rebuild'].map((heading, at) => (
            <th key={heading} scope="col" role="columnheader" data-numeric={at >= 2 || undefined}>
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {models.map((model) => (
          <ModelRow key={model.name} model={model} standby={standby} />
        ))}
      </tbody>
    </table>
  );
}

function ModelRow({ model, standby }: { model: ReadModel; standby: string }) {
  const { name, state, reason, position, lag, lag_seconds: seconds, parked } = model;
  return (
    <tr role="row" data-testid={`read-model-${name}`}>
      <td role="cell" className={classes.name}>
        {name.replaceAll('_', ' ')}
      </td>
      <td role="cell" className={classes.state} data-state={state}>
        {state === 'standby' ? standby : state}
        {reason !== null && <span className={classes.reason}>{reason}</span>}
      </td>
      <td role="cell" className={classes.position} data-numeric>
        {formatCount(position)}
      </td>
      <td role="cell" className={classes.lag} data-numeric data-behind={lag > 0 || undefined}>
        {formatCount(lag)}
        {lag > 0 && <span className={classes.seconds}> · {formatDuration(seconds)}</span>}
      </td>
      <td role="cell" className={classes.parked} data-numeric data-some={parked > 0 || undefined}>
        {formatCount(parked)}
      </td>
      <td role="cell" className={classes.rebuild} data-numeric>
        <RebuildControl model={model} />
      </td>
    </tr>
  );
}
