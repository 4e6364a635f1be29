import { ZonedTime } from '../../components/zoned-time';
import type { ExchangeAccount } from '../../lib/api-types';
import { formatCount, formatMoney, formatQuantity } from '../../lib/number-format';
import { DiscrepancyList } from './discrepancy-list';
import { heldPositions, type ExchangeRow } from './exchange-rows';
import classes from './exchanges-panel.module.css';

/** One exchange: whether orders can leave, the account there, and what both sides say differently. */
export function ExchangeSection({ row: { name, isConfigured, obstacle, account } }: { row: ExchangeRow }) {
  const state = !isConfigured ? 'off' : obstacle === null ? 'up' : 'held';
  const word = { off: 'not configured', up: 'can be traded at', held: obstacle }[state];
  return (
    <section className={classes.exchange} aria-label={name} data-testid={`exchange-${name}`}>
      <header className={classes.header}>
        <h3 className={classes.name}>{name}</h3>
        <span className={classes.state} data-state={state}>
          {word}
        </span>
        {typeof account?.account_id === 'string' && <span className={classes.dim}>account {account.account_id}</span>}
      </header>
      {account === null ? <p className={classes.dim}>{withoutAccount(name)}</p> : <AccountFacts account={account} />}
    </section>
  );
}

function withoutAccount(name: string): string {
  return name === 'simulated'
    ? 'Plays stored bars back and fills orders itself. There is no account to compare with: each run has its own.'
    : 'Its account was not compared with the journal yet: that happens when a run is about to trade there.';
}

function AccountFacts({ account }: { account: ExchangeAccount }) {
  const { cash, equity, buying_power: power, open_orders: open, external_orders: external, currency } = account;
  const unit = currency ?? '';
  const facts: [label: string, value: string][] = [
    ['Cash', `${formatMoney(cash)} ${unit}`],
    ['Equity', `${formatMoney(equity)} ${unit}`],
    ['Buying power', `${formatMoney(power)} ${unit}`],
    ['Open orders', formatCount(open)],
    ['Others’ orders', formatCount(external)],
  ];
  return (
    <>
      <dl className={classes.facts}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>Compared with the journal</dt>
          <dd>
            <ZonedTime at={account.reconciled_at} seconds />
            {account.reconciled_because !== null && (
              <span className={classes.dim}>
                {' '}
                because of {because[account.reconciled_because] ?? account.reconciled_because}
              </span>
            )}
          </dd>
        </div>
      </dl>
      <Held account={account} />
      <DiscrepancyList discrepancies={account.discrepancies} />
    </>
  );
}

const because: Record<string, string | undefined> = {
  start: 'the start',
  reconnect: 'a reconnect',
  timer: 'the time',
  discrepancy: 'a discrepancy',
};

function Held({ account }: { account: ExchangeAccount }) {
  const held = heldPositions(account);
  if (held.length === 0) return null;
  return (
    <table className={classes.held} aria-label="Positions on both sides">
      <thead>
        <tr>
          <th scope="col">Symbol</th>
          <th scope="col" data-numeric>
            At the exchange
          </th>
          <th scope="col" data-numeric>
            Of runs
          </th>
          <th scope="col">
            <span className={classes.unseen}>Alike?</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {held.map(({ symbol, at_exchange, of_runs, differs }) => (
          <tr key={symbol} data-differs={differs || undefined}>
            <td>{symbol}</td>
            <td data-numeric>{formatQuantity(at_exchange)}</td>
            <td data-numeric>{formatQuantity(of_runs)}</td>
            <td className={classes.differs}>{differs && 'differs'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
