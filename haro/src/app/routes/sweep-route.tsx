import { getRouteApi } from '@tanstack/react-router';
import { SweepPage } from '../../features/sweeps/sweep-page';
import { given } from './search';

const route = getRouteApi('/sweeps/$sweepId');

export function SweepRoute() {
  const { sweepId } = route.useParams();
  const view = given(route.useSearch());
  const navigate = route.useNavigate();
  return (
    <SweepPage
      sweepId={sweepId}
      view={view}
      onView={(search) => void navigate({ search, replace: true, resetScroll: false })}
    />
  );
}
