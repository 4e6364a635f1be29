import { StrategiesPage } from '../../features/strategies/strategies-page';

export function StrategiesRoute() {
  return <StrategiesPage />;
}
