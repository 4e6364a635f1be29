import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { RunsPage } from '../features/runs/runs-page';

const route = getRouteApi('/');

export function RunsRoute() {
  const { page = 1 } = route.useSearch();
  const navigate = useNavigate();
  return <RunsPage page={page} onPage={(next) => void navigate({ to: '/', search: next > 1 ? { page: next } : {} })} />;
}
