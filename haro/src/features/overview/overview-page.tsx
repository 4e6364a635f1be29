import { Button } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { PageHeading } from '../../components/page-heading';
import { ActivityPanel } from './activity-panel';
import { AlertsPanel } from './alerts-panel';
import { HealthPanel } from './health-panel';
import { Standing } from './standing';
import classes from './overview-page.module.css';

/** What somebody who trades wants to know first: what is at work, what it earns, what is at risk, whether all is well. */
export function OverviewPage() {
  useDocumentTitle('Overview · Weaver');
  return (
    <>
      <PageHeading title="Overview">
        <Button component={Link} to="/new" size="sm">
          New run
        </Button>
      </PageHeading>
      <div className={classes.page}>
        <AlertsPanel />
        <Standing />
        <HealthPanel />
        <ActivityPanel />
      </div>
    </>
  );
}
