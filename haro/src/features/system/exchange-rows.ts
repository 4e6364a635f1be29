/** The exchanges that can be traded at and the accounts there, brought together by name. */
import type { ExchangeAccount, Info, Readiness } from '../../lib/api-types';

export interface ExchangeRow {
  name: string;
  /** Whether this Weaver is set up to trade there; an account may be of an earlier time. */
  isConfigured: boolean;
  /** Why no order can leave, null if it can or nothing is known. */
  obstacle: string | null;
  account: ExchangeAccount | null;
}

/** The exchanges in the order the server names them, then accounts at others. */
export function exchangeRows(
  info: Info | undefined,
  accounts: ExchangeAccount[],
  readiness: Readiness | undefined,
): ExchangeRow[] {
  const configured = info?.exchanges ?? [];
  const others = accounts.map(({ name }) => name).filter((name) => !configured.includes(name));
  return [...configured, ...others].map((name) => {
    const told = readiness?.execution.details?.[name];
    return {
      name,
      isConfigured: configured.includes(name),
      obstacle: typeof told === 'string' ? told : null,
      account: accounts.find((account) => account.name === name) ?? null,
    };
  });
}

/** What is held on both sides but not alike comes first. */
export function heldPositions({ positions }: ExchangeAccount): (ExchangeAccount['positions'][number] & {
  differs: boolean;
})[] {
  return positions
    .map((held) => ({ ...held, differs: Number(held.at_exchange) !== Number(held.of_runs) }))
    .sort((a, b) => Number(b.differs) - Number(a.differs) || a.symbol.localeCompare(b.symbol, 'en'));
}
