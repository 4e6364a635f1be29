import { getRouteApi } from '@tanstack/react-router';
import { RunPage } from '../../features/runs/run-page';

const route = getRouteApi('/runs/$runId');

export function RunRoute() {
  const { runId } = route.useParams();
  return <RunPage runId={runId} />;
}
