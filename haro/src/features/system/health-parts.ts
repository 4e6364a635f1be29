/** The parts a server needs, in the order in which one rests on the other, and how each stands. */
import type { Part, Readiness } from '../../lib/api-types';
import { layOutDecimal } from '../../lib/decimal';
import { formatCount } from '../../lib/number-format';

export type PartState = 'up' | 'impaired' | 'down';

export interface HealthPart {
  name: string;
  label: string;
  /** What it means that it is up. */
  meaning: string;
  state: PartState;
  /** Why it is down, or what is amiss while it is up. */
  reason: string | null;
  /** What was measured. */
  measured: string | null;
}

const parts: { name: Exclude<keyof Readiness, 'status'>; label: string; meaning: string }[] = [
  { name: 'database', label: 'Database', meaning: 'PostgreSQL answers.' },
  { name: 'migrations', label: 'Schema', meaning: 'The tables are those this version needs.' },
  { name: 'journal', label: 'Journal', meaning: 'New events are seen at once.' },
  { name: 'processors', label: 'Read models', meaning: 'What is shown follows the journal.' },
  { name: 'supervisor', label: 'Supervisor', meaning: 'Runs are started, watched and stopped.' },
  { name: 'execution', label: 'Execution', meaning: 'Orders can leave.' },
  { name: 'clock', label: 'Clock', meaning: 'This machine and the database agree on the time.' },
];

export function healthParts(readiness: Readiness): HealthPart[] {
  return parts.map(({ name, label, meaning }) => {
    const { state, reason = null, details = {} } = readiness[name];
    const shown = state === 'up' && reason !== null ? 'impaired' : state;
    return { name, label, meaning, state: shown, reason, measured: measured(name, details) };
  });
}

function measured(name: string, details: NonNullable<Part['details']>): string | null {
  const { drift_seconds: drift, position } = details;
  if (name === 'clock' && typeof drift === 'number')
    return `${layOutDecimal(String(drift), { places: 3, sign: 'always' })} s`;
  if (name === 'journal' && typeof position === 'number') return `position ${formatCount(position)}`;
  if (name === 'processors') return `${formatCount(Object.keys(details).length)} in all`;
  return null;
}

/** "Everything is up", or what is not. */
export function healthSummary(found: HealthPart[]): string {
  const named = (state: PartState) => found.filter((part) => part.state === state).map(({ label }) => label);
  const [down, impaired] = [named('down'), named('impaired')];
  if (down.length > 0) return `Down: ${down.join(', ')}`;
  return impaired.length > 0 ? `Up, with a complaint: ${impaired.join(', ')}` : 'Everything is up';
}
