import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { PageHeading } from '../../components/page-heading';

export function StrategiesPage() {
  useDocumentTitle('Strategies · Weaver');
  return (
    <>
      <PageHeading title="Strategies" />
      <EmptyState title="This page is not written yet" command="weaver strategies list">
        The command line lists the strategies there are, and why one was not loaded.
      </EmptyState>
    </>
  );
}
