import '@mantine/spotlight/styles.css';
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useRecentRuns } from '../features/runs/api/get-runs';
import { runTitle } from '../features/runs/run-title';
import { chooseTimeZone, timeZones, useTimeZone, zoneName } from '../lib/time-zone';
import { pages } from './pages';
import type { ShellDialog } from './shell';

interface CommandPaletteProps {
  open: boolean;
  onOpen: (dialog: ShellDialog | null) => void;
}

/** ⌘K: every page, the recent runs by name, and what can be done from anywhere. */
export function CommandPalette({ open, onOpen }: CommandPaletteProps) {
  const [[store, spotlight]] = useState(createSpotlight);
  useEffect(() => {
    if (open) spotlight.open();
    else spotlight.close();
  }, [open, spotlight]);
  const actions = usePaletteActions(open, onOpen);
  return (
    <Spotlight
      store={store}
      shortcut={null}
      actions={actions}
      limit={40}
      highlightQuery
      nothingFound="Nothing is called that"
      searchProps={{ placeholder: 'A page, a run, or something to do', 'aria-label': 'Search' }}
      attributes={{ content: { 'aria-label': 'Go to, or do' } }}
      closeOnActionTrigger={false}
      onSpotlightClose={() => {
        if (open) onOpen(null);
      }}
    />
  );
}

function usePaletteActions(open: boolean, onOpen: CommandPaletteProps['onOpen']): SpotlightActionGroupData[] {
  const navigate = useNavigate();
  const shownZone = useTimeZone();
  const runs = useRecentRuns(open);
  const { setColorScheme } = useMantineColorScheme();
  const otherScheme = useComputedColorScheme('dark') === 'dark' ? 'light' : 'dark';
  const otherZones = timeZones.filter((zone) => zone !== shownZone);
  const does = (action: () => unknown, next: ShellDialog | null = null) => ({
    onClick: () => {
      onOpen(next);
      action();
    },
  });
  const nothing = () => undefined;
  return [
    {
      group: 'Pages',
      actions: pages.map(({ to, name }) => ({ id: `page ${to}`, label: name, ...does(() => navigate({ to })) })),
    },
    {
      group: 'Actions',
      actions: [
        { id: 'halt', label: 'Halt all trading', keywords: 'stop kill', ...does(nothing, 'halt') },
        {
          id: 'theme',
          label: `Use the ${otherScheme} theme`,
          keywords: 'dark light colour',
          ...does(() => {
            setColorScheme(otherScheme);
          }),
        },
        ...otherZones.map((zone) => ({
          id: `zone ${zone}`,
          label: zone === 'local' ? 'Show times in local time' : `Show times in ${zoneName(zone)}`,
          keywords: 'time zone clock exchange',
          ...does(() => {
            chooseTimeZone(zone);
          }),
        })),
        { id: 'keys', label: 'Keyboard help', keywords: 'shortcuts', ...does(nothing, 'keys') },
      ],
    },
    {
      group: 'Recent runs',
      actions: (runs.data?.items ?? []).map((run) => ({
        id: run.id,
        label: runTitle(run),
        description: `${run.mode} · ${run.status} · ${run.strategy_id} · ${run.symbols.join(', ')} ${run.timeframe}`,
        keywords: run.tags,
        ...does(() => navigate({ to: '/runs/$runId', params: { runId: run.id } })),
      })),
    },
  ];
}
