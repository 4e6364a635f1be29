import { getRouteApi } from '@tanstack/react-router';
import { RunPage } from '../../features/runs/run-page';
import type { RunPlace } from '../../features/runs/run-tabs';

const route = getRouteApi('/runs/$runId');

export function RunRoute() {
  const { runId } = route.useParams();
  const { tab = 'overview', at = null } = route.useSearch();
  const navigate = route.useNavigate();
  const go = (place: RunPlace) => {
    const search = { ...(place.tab !== 'overview' && { tab: place.tab }), ...(place.at !== null && { at: place.at }) };
    // Steps within a tab replace each other: "back" leads to the tab before, not through every step.
    void navigate({ search, replace: place.tab === tab, resetScroll: false });
  };
  return <RunPage runId={runId} tab={tab} at={at} onPlace={go} />;
}
