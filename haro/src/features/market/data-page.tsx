import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { PageHeading } from '../../components/page-heading';

export function DataPage() {
  useDocumentTitle('Data · Weaver');
  return (
    <>
      <PageHeading title="Data" />
      <EmptyState title="This page is not written yet" command="weaver data list">
        The command line lists the bars there are.
      </EmptyState>
    </>
  );
}
