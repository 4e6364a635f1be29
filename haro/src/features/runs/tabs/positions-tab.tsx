import { useState } from 'react';
import { EmptyState } from '../../../components/empty-state';
import { positionsOf, runPositionsKey } from '../api/run-lists';
import { CursorPages } from '../cursor-pages';
import { Choice, ListFilters } from '../list-filter';
import { positionColumns } from '../position-columns';
import { RecordTable } from '../record-table';
import type { TabProps } from '../run-tabs';

const states = ['open', 'flat'] as const;

/** What the run holds of each symbol, and what became of those it holds no more. */
export function PositionsTab({ run }: TabProps) {
  const [state, setState] = useState<(typeof states)[number]>();
  return (
    <CursorPages
      key={state ?? 'all'}
      title="Positions"
      what="positions"
      queryKey={[...runPositionsKey(run.id), state ?? 'all']}
      fetchPage={positionsOf(run.id, state ?? 'all')}
      above={
        <ListFilters>
          <Choice label="State" all="open and flat" values={states} value={state} onChange={setState} />
        </ListFilters>
      }
      empty={<EmptyState title="No positions">Nothing was bought or sold so far.</EmptyState>}
    >
      {(positions) => (
        <RecordTable label="Positions" columns={positionColumns} items={positions} keyOf={({ symbol }) => symbol} />
      )}
    </CursorPages>
  );
}
