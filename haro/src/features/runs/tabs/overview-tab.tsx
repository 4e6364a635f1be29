import { EquityPanel } from '../equity-panel';
import { LatestOrders } from '../latest-orders';
import { RunConfig } from '../run-config';
import { RunFigures } from '../run-figures';
import type { TabProps } from '../run-tabs';

export function OverviewTab({ run, onPlace }: TabProps) {
  return (
    <>
      <RunFigures run={run} />
      <EquityPanel run={run} />
      <LatestOrders
        run={run}
        onAll={() => {
          onPlace({ tab: 'orders', at: null });
        }}
      />
      <RunConfig run={run} />
    </>
  );
}
