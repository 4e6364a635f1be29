/** What several runs were told, as far as they were told different things. */
import type { Run } from '../../lib/api-types';
import { layOutDecimal } from '../../lib/decimal';
import { unknownMark } from '../../lib/number-format';
import { formatMinute } from '../../lib/time-format';
import { zoneName, type TimeZone } from '../../lib/time-zone';

export interface SettingRow {
  name: string;
  /** One for each run, in their order. */
  texts: string[];
}

/** In the order of reading: strategy, parameters, market, money, costs, limits. Empty if they are all alike. */
export function differingSettings(runs: Run[], zone: TimeZone = 'utc'): SettingRow[] {
  const settings = runs.map((run) => new Map(settingsOf(run, zone)));
  const names = new Set(settings.flatMap((one) => [...one.keys()]));
  return [...names]
    .map((name) => ({ name, texts: settings.map((one) => one.get(name) ?? unknownMark) }))
    .filter(({ texts }) => new Set(texts).size > 1);
}

function settingsOf(run: Run, zone: TimeZone): [name: string, text: string][] {
  return [
    ['strategy', run.strategy_id],
    ['version', run.strategy_version],
    ...Object.entries(run.config).map(([name, value]): [string, string] => [`parameter ${name}`, shown(value)]),
    ['mode', run.mode],
    ['symbols', run.symbols.join(', ')],
    ['timeframe', run.timeframe],
    [`from (${zoneName(zone)})`, formatMinute(run.start_time, zone)],
    [`until (${zoneName(zone)})`, formatMinute(run.end_time, zone)],
    ['exchange', run.exchange],
    ['venue rules', run.venue],
    ['initial cash', shown(run.initial_cash)],
    ...named('account', run.account),
    ...named('costs', run.costs),
    ['volume cap', shown(run.volume_cap)],
    ...named('risk', run.risk),
  ];
}

function named(group: string, settings: object): [string, string][] {
  return Object.entries(settings).map(([name, value]) => [`${group}: ${name.replaceAll('_', ' ')}`, shown(value)]);
}

/** "1", "1.0" and 1 are the same setting. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return unknownMark;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string' || typeof value === 'number') return layOutDecimal(String(value), {});
  return JSON.stringify(value);
}
