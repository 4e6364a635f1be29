import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { PageHeading } from '../../components/page-heading';

export function SystemPage() {
  useDocumentTitle('System · Weaver');
  return (
    <>
      <PageHeading title="System" />
      <EmptyState title="This page is not written yet" command="weaver doctor">
        The command line checks everything the server needs.
      </EmptyState>
    </>
  );
}
