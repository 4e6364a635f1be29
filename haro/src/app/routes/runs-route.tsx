import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { RunsPage } from '../../features/runs/runs-page';

const route = getRouteApi('/runs');

export function RunsRoute() {
  const filter = route.useSearch();
  const navigate = useNavigate();
  return <RunsPage filter={filter} onFilter={(search) => void navigate({ to: '/runs', search, replace: true })} />;
}
