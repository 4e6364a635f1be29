import { useState } from 'react';
import { RunsPage } from '../../features/runs/runs-page';

export function RunsRoute() {
  const [page, setPage] = useState(1);
  return <RunsPage page={page} onPage={setPage} />;
}
