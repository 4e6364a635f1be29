import { Button, CopyButton } from '@mantine/core';
import { Panel } from '../../../components/panel';
import { useTimeZone } from '../../../lib/time-zone';
import { asCreated, configSections } from '../config-sections';
import type { TabProps } from '../run-tabs';
import classes from './config-tab.module.css';

/** Everything the run was created with: to read, and to take away. */
export function ConfigTab({ run }: TabProps) {
  const zone = useTimeZone();
  const json = JSON.stringify(asCreated(run), null, 2);
  return (
    <>
      <div className={classes.sections}>
        {configSections(run, zone).map(({ title, entries }) => (
          <Panel key={title} title={title}>
            <dl className={classes.list}>
              {entries.map(([name, text]) => (
                <div key={name} className={classes.entry}>
                  <dt>{name}</dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          </Panel>
        ))}
      </div>
      <Panel title="As JSON" aside={<Copy text={json} />}>
        <pre className={classes.json} tabIndex={0} aria-label="The run's settings as JSON">
          {json}
        </pre>
      </Panel>
    </>
  );
}

function Copy({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button size="compact-xs" variant="default" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </Button>
      )}
    </CopyButton>
  );
}
