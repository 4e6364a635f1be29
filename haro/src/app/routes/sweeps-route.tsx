import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { SweepsPage } from '../../features/sweeps/sweeps-page';
import { given } from './search';

const route = getRouteApi('/sweeps');

export function SweepsRoute() {
  const filter = given(route.useSearch());
  const navigate = useNavigate();
  return <SweepsPage filter={filter} onFilter={(search) => void navigate({ to: '/sweeps', search, replace: true })} />;
}
