/** What a run was created with, in words and groups. */
import type { Run } from '../../lib/api-types';
import { formatMoney, unknownMark } from '../../lib/number-format';
import { formatSecond } from '../../lib/time-format';
import { zoneName, type TimeZone } from '../../lib/time-zone';

export interface ConfigSection {
  title: string;
  entries: [name: string, text: string][];
}

/** `zone`: the one its times are told in. */
export function configSections(run: Run, zone: TimeZone = 'utc'): ConfigSection[] {
  const moment = (label: string, at: string | null): [string, string] => [
    `${label} (${zoneName(zone)})`,
    formatSecond(at, zone),
  ];
  const sections: ConfigSection[] = [
    {
      title: 'Run',
      entries: [
        ['id', run.id],
        ['name', run.name],
        ['mode', run.mode],
        moment('created', run.created_at),
        moment('started', run.started_at),
        moment('ended', run.stopped_at),
        ['tags', run.tags.join(', ') || unknownMark],
        ['notes', run.notes || unknownMark],
      ],
    },
    {
      title: 'Strategy',
      entries: [['strategy', run.strategy_id], ['version', run.strategy_version], ...entriesOf(run.config)],
    },
    {
      title: 'Market',
      entries: [
        ['symbols', run.symbols.join(', ')],
        ['timeframe', run.timeframe],
        ['exchange', run.exchange],
        ['venue rules', run.venue],
        ...(run.start_time === null ? [] : [moment('from', run.start_time)]),
        ...(run.end_time === null ? [] : [moment('until', run.end_time)]),
      ],
    },
    {
      title: 'Account',
      entries: [['initial cash', formatMoney(run.initial_cash)], ...entriesOf(run.account)],
    },
    { title: 'Costs', entries: [...entriesOf(run.costs), ['volume cap, %', asText(run.volume_cap)]] },
    { title: 'Risk limits', entries: limitsOf(run.risk) },
  ];
  return sections;
}

/** `commission_bps` → "commission bps" */
export function entriesOf(record: object): [string, string][] {
  return Object.entries(record).map(([name, value]) => [name.replaceAll('_', ' '), asText(value)]);
}

function limitsOf(risk: object): [string, string][] {
  const entries = entriesOf(risk).filter(([, text]) => text !== unknownMark);
  return entries.length > 0 ? entries : [['limits', 'none']];
}

export function asText(value: unknown): string {
  if (value === null || value === undefined) return unknownMark;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const outcome = new Set(['status', 'progress', 'error', 'stats', 'position', 'started_at', 'stopped_at']);

/** The run without what became of it: what it was created with. */
export function asCreated(run: Run): object {
  return Object.fromEntries(Object.entries(run).filter(([name]) => !outcome.has(name)));
}
