import { Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import { Panel } from '../../components/panel';
import { useReadiness } from '../../lib/requests/get-readiness';
import { useExchangeAccounts } from '../../lib/requests/get-exchange-accounts';
import { useInfo } from './api/get-info';
import { ExchangeSection } from './exchange-section';
import { exchangeRows } from './exchange-rows';
import classes from './exchanges-panel.module.css';

/** Where can be traded, and what the exchanges say of the accounts there. */
export function ExchangesPanel() {
  const info = useInfo();
  const accounts = useExchangeAccounts();
  const readiness = useReadiness();
  const retry = () => void accounts.refetch();
  const isLoading = info.isPending || accounts.isPending;
  const rows = exchangeRows(info.data, accounts.data ?? [], readiness.data);
  return (
    <Panel title="Exchanges" aside="as the broker sees it" flush>
      {accounts.isError && (
        <div className={classes.notice}>
          <ErrorNotice title="The accounts could not be loaded" error={accounts.error} onRetry={retry} />
        </div>
      )}
      {isLoading ? (
        <Skeleton height={120} aria-label="Loading the exchanges" />
      ) : (
        rows.map((row) => <ExchangeSection key={row.name} row={row} />)
      )}
      {!isLoading && !accounts.isError && rows.length === 0 && (
        <p className={classes.nothing}>
          None. Set the keys of an account and start Weaver again; <code>weaver doctor</code> says what is missing.
        </p>
      )}
    </Panel>
  );
}
