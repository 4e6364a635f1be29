import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { NewSweepPage } from '../../features/runs/sweep-form/new-sweep-page';
import { given } from './search';

const route = getRouteApi('/sweeps/new');

export function NewSweepRoute() {
  const wishes = given(route.useSearch());
  const navigate = useNavigate();
  return (
    <NewSweepPage
      wishes={wishes}
      onCreated={(sweepId) => void navigate({ to: '/sweeps/$sweepId', params: { sweepId } })}
    />
  );
}
