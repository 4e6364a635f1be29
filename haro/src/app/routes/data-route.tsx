import { DataPage } from '../../features/market/data-page';

export function DataRoute() {
  return <DataPage />;
}
