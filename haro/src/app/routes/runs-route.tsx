import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { RunsPage } from '../../features/runs/runs-page';
import { given } from './search';

const route = getRouteApi('/runs');

export function RunsRoute() {
  const filter = given(route.useSearch());
  const navigate = useNavigate();
  return <RunsPage filter={filter} onFilter={(search) => void navigate({ to: '/runs', search, replace: true })} />;
}
