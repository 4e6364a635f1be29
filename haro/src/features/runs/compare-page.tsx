import { Button } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../../components/empty-state';
import { PageHeading } from '../../components/page-heading';

interface ComparePageProps {
  runIds: string[];
}

export function ComparePage({ runIds }: ComparePageProps) {
  useDocumentTitle('Compare · Weaver');
  return (
    <>
      <PageHeading title="Compare" />
      <EmptyState
        title={runIds.length < 2 ? 'Nothing to compare yet' : 'This page is not written yet'}
        action={
          <Button component={Link} to="/runs" variant="default">
            All runs
          </Button>
        }
      >
        {runIds.length < 2
          ? 'Select two runs or more in the list of runs.'
          : `${runIds.length} runs were chosen; each shows its figures on its own page.`}
      </EmptyState>
    </>
  );
}
