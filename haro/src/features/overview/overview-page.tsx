import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { PageHeading } from '../../components/page-heading';

export function OverviewPage() {
  useDocumentTitle('Overview · Weaver');
  return (
    <>
      <PageHeading title="Overview" />
      <EmptyState title="This page is not written yet" command="weaver run list">
        The runs page and the command line have everything meanwhile.
      </EmptyState>
    </>
  );
}
