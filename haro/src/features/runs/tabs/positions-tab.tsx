import { useState } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { positionsOf, runPositionsKey } from '../api/run-lists';
import { Choice, ListFilters } from '../list-filter';
import { positionsLook } from '../position-columns';
import { RunList } from '../run-list';
import type { TabProps } from '../run-tabs';

const states = ['open', 'flat'] as const;

/** What the run holds of each symbol, and what became of those it holds no more. */
export function PositionsTab({ run }: TabProps) {
  const [state, setState] = useState<(typeof states)[number]>();
  return (
    <RunList
      title="Positions"
      what="positions"
      {...positionsLook}
      testId="positions-table"
      queryKey={[...runPositionsKey(run.id), state ?? 'all']}
      fetchPage={positionsOf(run.id, state ?? 'all')}
      above={
        <ListFilters>
          <Choice label="State" all="open and flat" values={states} value={state} onChange={setState} />
        </ListFilters>
      }
      empty={<EmptyState title="No positions">Nothing was bought or sold so far.</EmptyState>}
    />
  );
}
