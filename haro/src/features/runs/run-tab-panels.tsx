import { Skeleton, Tabs } from '@mantine/core';
import { lazy, Suspense, useEffect, useRef, type ComponentType, type LazyExoticComponent } from 'react';
import { runTabs, tabsOf, type RunTab, type TabProps } from './run-tabs';
import classes from './run-tab-panels.module.css';
import { tabLoaders } from './tab-loaders';

/** Every tab comes when it is first opened: a glance at a run does not load the chart. */
const panels = Object.fromEntries(runTabs.map((tab) => [tab, lazy(tabLoaders[tab])])) as Record<
  RunTab,
  LazyExoticComponent<ComponentType<TabProps>>
>;

interface RunTabPanelsProps extends TabProps {
  tab: RunTab;
}

export function RunTabPanels({ tab, ...props }: RunTabPanelsProps) {
  const Panel = panels[tab];
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a narrow screen the tabs scroll sideways: the open one comes into view.
    const [frame, open] = [list.current, list.current?.querySelector<HTMLElement>('[data-active]')];
    if (frame && open) frame.scrollLeft = open.offsetLeft - (frame.clientWidth - open.offsetWidth) / 2;
  }, [tab]);
  return (
    <Tabs
      value={tab}
      onChange={(next) => {
        props.onPlace({ tab: runTabs.find((known) => known === next) ?? 'overview', at: null });
      }}
      keepMounted={false}
    >
      <Tabs.List ref={list} className={classes.list ?? ''} aria-label="What of the run to show">
        {tabsOf(props.run).map((id) => (
          <Tabs.Tab key={id} value={id} className={classes.tab ?? ''} data-testid={`tab-${id}`}>
            {labelOf(id)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={tab} className={classes.panel ?? ''}>
        <Suspense fallback={<Skeleton height={320} aria-label="Loading the tab" />}>
          <Panel key={props.run.id} {...props} />
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}

const labelOf = (tab: RunTab): string => `${tab.charAt(0).toUpperCase()}${tab.slice(1).replaceAll('-', ' ')}`;
