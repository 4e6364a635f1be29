import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { ComparePage } from '../../features/runs/compare-page';

const route = getRouteApi('/compare');

export function CompareRoute() {
  const { runs = '', align } = route.useSearch();
  const navigate = useNavigate();
  return (
    <ComparePage
      runIds={runs === '' ? [] : runs.split(',')}
      alignment={align}
      onRuns={(ids) => void navigate({ to: '/compare', search: ids.length > 0 ? { runs: ids.join(',') } : {} })}
      onAlignment={(next) => void navigate({ to: '/compare', search: { runs, align: next }, replace: true })}
    />
  );
}
