import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { DataPage } from '../../features/market/data-page';

const route = getRouteApi('/data');

export function DataRoute() {
  const search = route.useSearch();
  const navigate = useNavigate();
  return <DataPage search={search} onSearch={(next) => void navigate({ to: '/data', search: next, replace: true })} />;
}
