import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { StrategiesPage } from '../../features/strategies/strategies-page';

const route = getRouteApi('/strategies');

export function StrategiesRoute() {
  const { q = '' } = route.useSearch();
  const navigate = useNavigate();
  return (
    <StrategiesPage
      filter={q}
      onFilter={(text) => void navigate({ to: '/strategies', search: text === '' ? {} : { q: text }, replace: true })}
    />
  );
}
