import { getRouteApi } from '@tanstack/react-router';
import { ComparePage } from '../../features/runs/compare-page';

const route = getRouteApi('/compare');

export function CompareRoute() {
  const { runs = '' } = route.useSearch();
  return <ComparePage runIds={runs === '' ? [] : runs.split(',')} />;
}
