import { Panel } from '../../components/panel';
import { useTimeZone } from '../../lib/time-zone';
import type { ComparedRun } from './api/get-compared-runs';
import { differingSettings } from './comparison-settings';
import { ComparedTable } from './compared-table';
import classes from './compared-table.module.css';

/** Parameters and settings, only where they differ. */
export function ComparedSettings({ compared, places }: { compared: ComparedRun[]; places: number[] }) {
  const rows = differingSettings(
    compared.flatMap(({ run }) => run ?? []),
    useTimeZone(),
  );
  return (
    <Panel title="Settings that differ" flush={rows.length > 0}>
      {rows.length === 0 ? (
        <p className={classes.alike}>None: these runs were told the same.</p>
      ) : (
        <ComparedTable
          label="Settings that differ"
          compared={compared}
          places={places}
          groups={[
            [
              null,
              rows.map(({ name, texts }) => ({
                name,
                label: name,
                cells: texts.map((text, at) => ({ key: compared[at]?.id ?? '', content: text })),
              })),
            ],
          ]}
        />
      )}
    </Panel>
  );
}
