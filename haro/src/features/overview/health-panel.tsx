import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Panel } from '../../components/panel';
import { ZonedTime } from '../../components/zoned-time';
import type { ExchangeAccount, Overview, ReadModel, Readiness } from '../../lib/api-types';
import { formatDuration, secondsBetween } from '../../lib/duration-format';
import { formatCount, formatMoney } from '../../lib/number-format';
import { useExchangeAccounts } from '../../lib/requests/get-exchange-accounts';
import { useReadModels } from '../../lib/requests/get-read-models';
import { useReadiness } from '../../lib/requests/get-readiness';
import { useOverview } from './api/get-overview';
import classes from './overview-page.module.css';
import { tradingRunTitle } from './trading-run-title';

const parts = ['database', 'migrations', 'journal', 'processors', 'supervisor', 'execution', 'clock'] as const;

export function HealthPanel() {
  const readiness = useReadiness();
  const models = useReadModels();
  const accounts = useExchangeAccounts();
  const overview = useOverview();
  return (
    <Panel title="Health" aside={<Link to="/system">System</Link>}>
      <ul className={classes.health} aria-label="Health">
        {readiness.isError && <Line state="down" name="Server" text={readiness.error.message} />}
        {readiness.data && !readiness.isError && <Parts readiness={readiness.data} />}
        {models.data && <ReadModelsLine models={models.data.items} />}
        {overview.data && <DataLine overview={overview.data} />}
        {accounts.data?.map((account) => (
          <AccountLine key={account.name} account={account} />
        ))}
      </ul>
    </Panel>
  );
}

function Parts({ readiness }: { readiness: Readiness }) {
  return parts.map((name) => {
    const { state, reason } = readiness[name];
    const tone = state === 'down' ? 'down' : reason ? 'warn' : 'up';
    return <Line key={name} state={tone} name={name} text={reason ?? state} />;
  });
}

function ReadModelsLine({ models }: { models: ReadModel[] }) {
  const troubled = models.filter(({ state, parked }) => state === 'stopped' || parked > 0);
  const lag = Math.max(0, ...models.map((model) => model.lag));
  const text =
    troubled.length > 0
      ? troubled.map(({ name, state, parked }) => `${name}: ${state}, ${parked} parked`).join('; ')
      : `${formatCount(models.length)} follow, at most ${formatCount(lag)} events behind`;
  return <Line state={troubled.length > 0 ? 'warn' : 'up'} name="read models" text={text} />;
}

/** How old the market is that the runs have seen: each marks its equity as its bars close. */
function DataLine({ overview: { at, runs } }: { overview: Overview }) {
  const marked = runs.filter(({ status, equity_at }) => status === 'running' && equity_at !== null);
  const oldest = marked.toSorted((a, b) => (a.equity_at ?? '').localeCompare(b.equity_at ?? '', 'en'))[0];
  if (oldest === undefined) return null;
  const age = formatDuration(secondsBetween(oldest.equity_at, at));
  const text = `every run’s last mark is at most ${age} old; the oldest is of ${tradingRunTitle(oldest)}`;
  return <Line state="up" name="market data" text={text} />;
}

function AccountLine({ account }: { account: ExchangeAccount }) {
  const { name, equity, currency, reconciled_at, discrepancies } = account;
  return (
    <Line
      state={discrepancies.length > 0 ? 'warn' : 'up'}
      name={`broker ${name}`}
      text={
        <>
          {equity !== null && `equity ${formatMoney(equity)} ${currency ?? ''}, `}
          {reconciled_at === null ? 'not compared yet' : 'compared '}
          {reconciled_at !== null && <ZonedTime at={reconciled_at} />}
          {discrepancies.length > 0 &&
            `, ${discrepancies.length} discrepancies: ${discrepancies.at(-1)?.message ?? ''}`}
        </>
      }
    />
  );
}

function Line({ state, name, text }: { state: 'up' | 'warn' | 'down'; name: string; text: ReactNode }) {
  return (
    <li data-state={state}>
      <span className={classes.part}>{name}</span> <span className={classes.dim}>{text}</span>
    </li>
  );
}
