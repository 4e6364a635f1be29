import { useNavigate } from '@tanstack/react-router';
import { NewBacktestPage } from '../../features/runs/new-backtest-page';

export function NewRoute() {
  const navigate = useNavigate();
  return <NewBacktestPage onStarted={(runId) => void navigate({ to: '/runs/$runId', params: { runId } })} />;
}
