import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { NewRunPage } from '../../features/runs/new-run-page';
import { given } from './search';

const route = getRouteApi('/new');

export function NewRoute() {
  const { clone, ...wishes } = given(route.useSearch());
  const navigate = useNavigate();
  return (
    <NewRunPage
      clone={clone}
      wishes={wishes}
      onStarted={(runId) => void navigate({ to: '/runs/$runId', params: { runId } })}
    />
  );
}
