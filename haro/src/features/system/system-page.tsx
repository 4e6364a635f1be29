import { useDocumentTitle } from '@mantine/hooks';
import { PageBody } from '../../components/page-body';
import { PageHeading } from '../../components/page-heading';
import { ExchangesPanel } from './exchanges-panel';
import { HealthPanel } from './health-panel';
import { LogPanel } from './log-panel';
import { NotificationsPanel } from './notifications-panel';
import { ProcessesPanel } from './processes-panel';
import { ReadModelsPanel } from './read-models-panel';
import { SystemFacts } from './system-facts';

/** How the server itself is, part by part; asked for again every few seconds. */
export function SystemPage() {
  useDocumentTitle('System · Weaver');
  return (
    <>
      <PageHeading title="System" />
      <PageBody>
        <SystemFacts />
        <HealthPanel />
        <ExchangesPanel />
        <NotificationsPanel />
        <ReadModelsPanel />
        <ProcessesPanel />
        <LogPanel />
      </PageBody>
    </>
  );
}
