import { useDocumentTitle } from '@mantine/hooks';
import { PageHeading } from '../../components/page-heading';
import { ExchangesPanel } from './exchanges-panel';
import { HealthPanel } from './health-panel';
import { LogPanel } from './log-panel';
import { ProcessesPanel } from './processes-panel';
import { ReadModelsPanel } from './read-models-panel';
import { SystemFacts } from './system-facts';
import classes from './system-page.module.css';

/** How the server itself is, part by part; asked for again every few seconds. */
export function SystemPage() {
  useDocumentTitle('System · Weaver');
  return (
    <>
      <PageHeading title="System" />
      <div className={classes.page}>
        <SystemFacts />
        <HealthPanel />
        <ExchangesPanel />
        <ReadModelsPanel />
        <ProcessesPanel />
        <LogPanel />
      </div>
    </>
  );
}
