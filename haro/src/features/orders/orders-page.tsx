import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { PageHeading } from '../../components/page-heading';

export function OrdersPage() {
  useDocumentTitle('Orders · Weaver');
  return (
    <>
      <PageHeading title="Orders" />
      <EmptyState title="This page is not written yet" command="weaver run list">
        Each run shows its own orders on its page.
      </EmptyState>
    </>
  );
}
