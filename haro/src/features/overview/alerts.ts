/** What needs somebody: drawn from everything the page knows, the worst first. Pure. */
import type { ExchangeAccount, Overview, ReadModel, Readiness } from '../../lib/api-types';
import { formatCount, formatPercent } from '../../lib/number-format';
import { limitLines } from './limit-use';
import { tradingRunTitle } from './trading-run-title';

export interface Alert {
  severity: 'error' | 'warning';
  text: string;
  runId: string | null;
}

interface Known {
  overview: Overview | undefined;
  readiness: Readiness | undefined;
  models: ReadModel[] | undefined;
  accounts: ExchangeAccount[] | undefined;
}

export function alertsOf({ overview, readiness, models, accounts }: Known): Alert[] {
  const found = [
    ...switchAlerts(overview),
    ...(overview?.runs.flatMap(runAlerts) ?? []),
    ...healthAlerts(readiness),
    ...(models?.flatMap(modelAlerts) ?? []),
    ...(accounts?.flatMap(accountAlerts) ?? []),
  ];
  return [
    ...found.filter(({ severity }) => severity === 'error'),
    ...found.filter(({ severity }) => severity !== 'error'),
  ];
}

const error = (text: string, runId: string | null = null): Alert => ({ severity: 'error', text, runId });
const warning = (text: string, runId: string | null = null): Alert => ({ severity: 'warning', text, runId });
const because = (reason: string | null | undefined): string => (reason ? `: ${reason}` : '');

function switchAlerts(overview: Overview | undefined): Alert[] {
  return overview?.halted ? [error(`All trading is halted${because(overview.halted_because)}`)] : [];
}

function runAlerts(run: Overview['runs'][number]): Alert[] {
  const title = tradingRunTitle(run);
  const about = (alert: (text: string, runId: string) => Alert, text: string) => alert(`${title} ${text}`, run.run_id);
  return [
    ...(run.failing ? [about(error, 'cannot go on; its orders are being cancelled')] : []),
    ...(run.halted ? [about(error, `was halted by a limit of its own${because(run.halted_because)}`)] : []),
    ...limitLines(run.limits)
      .filter(({ nearness }) => nearness !== 'far')
      .map(({ label, share, left }) =>
        about(warning, `has used ${formatPercent(share)} of its limit “${label}”, ${left} is left`),
      ),
  ];
}

function healthAlerts(readiness: Readiness | undefined): Alert[] {
  if (readiness === undefined) return [];
  return Object.entries(readiness).flatMap(([name, part]) => {
    if (typeof part === 'string') return [];
    if (part.state === 'down') return [error(`The ${name} is down${because(part.reason)}`)];
    return [];
  });
}

function modelAlerts({ name, state, parked, reason }: ReadModel): Alert[] {
  const title = name.replaceAll('_', ' ');
  if (state === 'stopped') return [error(`The read model of ${title} has stopped${because(reason)}`)];
  return parked > 0 ? [warning(`The read model of ${title} has passed over ${formatCount(parked)} events`)] : [];
}

function accountAlerts({ name, discrepancies }: ExchangeAccount): Alert[] {
  if (discrepancies.length === 0) return [];
  const newest = discrepancies.at(-1)?.message ?? '';
  return [
    warning(`${name} and the journal differ in ${formatCount(discrepancies.length)} things, the newest: ${newest}`),
  ];
}
