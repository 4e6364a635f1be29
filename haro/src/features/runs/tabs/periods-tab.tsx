import { EmptyState } from '../../../components/empty-state';

export function PeriodsTab() {
  return <EmptyState title="Not there yet" />;
}
