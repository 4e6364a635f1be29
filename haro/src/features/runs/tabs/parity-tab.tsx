import { Alert, Button, Skeleton } from '@mantine/core';
import { EmptyState } from '../../../components/empty-state';
import { ErrorFacts } from '../../../components/error-facts';
import { ErrorNotice } from '../../../components/error-notice';
import { FigureCard } from '../../../components/figure-card';
import { Panel } from '../../../components/panel';
import { SignedMoney } from '../../../components/signed-money';
import { ZonedTime, ZoneName } from '../../../components/zoned-time';
import { ApiError } from '../../../lib/api-error';
import type { Parity } from '../../../lib/api-types';
import { formatCount, formatMoney } from '../../../lib/number-format';
import { useParity } from '../api/get-parity';
import { ParityCauses } from '../parity/parity-causes';
import { alikeText, isAlike, latencyText, outcomeText } from '../parity/parity-words';
import classes from '../parity/parity.module.css';
import type { TabProps } from '../run-tabs';

/** Why a paper or live run came to another result than a backtest of the bars it saw. */
export function ParityTab(props: TabProps) {
  if (props.run.mode !== 'backtest') return <ParityOfRun {...props} />;
  return (
    <EmptyState framed title="Parity is about paper and live runs">
      It holds a run against a backtest of the bars it saw, and this run is a backtest.
    </EmptyState>
  );
}

function ParityOfRun({ run, onPlace }: TabProps) {
  const parity = useParity(run.id);
  const again = () => void parity.refetch();
  if (parity.isFetching) return <ReportSkeleton />;
  if (parity.isError) return <NoReport error={parity.error} onRetry={again} />;
  if (parity.data === undefined) return null;
  const report = parity.data;
  return (
    <>
      <Panel
        title="The run beside a backtest of the bars it saw"
        aside={<AsOf report={report} onAgain={again} />}
        flush
      >
        <Figures report={report} />
      </Panel>
      {report.backtest_error !== null && (
        <Alert color="yellow" variant="outline" title="The backtest ended early" className={classes.notice ?? ''}>
          Its strategy failed before it came as far as the run: {report.backtest_error}
        </Alert>
      )}
      {isAlike(report) ? (
        <EmptyState framed title="No difference">
          {alikeText(report)}
        </EmptyState>
      ) : (
        <Panel title="What made the difference" flush>
          <p className={classes.outcome} data-testid="parity-outcome">
            {outcomeText(report)} Amounts are what each cause adds to the run’s equity, in quote currency.
          </p>
          <ParityCauses run={run} report={report} onPlace={onPlace} />
        </Panel>
      )}
    </>
  );
}

function AsOf({ report, onAgain }: { report: Parity; onAgain: () => void }) {
  return (
    <span className={classes.asOf}>
      <span>
        as of <ZonedTime at={report.moment} seconds /> <ZoneName />
      </span>
      <Button size="compact-xs" variant="default" onClick={onAgain} data-testid="compare-again">
        Compare again
      </Button>
    </span>
  );
}

const ofLatency = 'From a decision to its first fill, of orders that the backtest fills at the next open.';

function Figures({ report }: { report: Parity }) {
  const { latency } = report;
  return (
    <dl className={classes.figures} aria-label="Both sides" data-testid="parity-figures">
      <FigureCard label="Difference" explanation="The run’s equity less the backtest’s." testId="parity-difference">
        <SignedMoney value={report.difference} />
      </FigureCard>
      <FigureCard label="Run’s equity">{formatMoney(report.live_equity)}</FigureCard>
      <FigureCard label="Backtest’s equity">{formatMoney(report.backtest_equity)}</FigureCard>
      <FigureCard label="Orders, run · backtest">
        {formatCount(report.orders)} · {formatCount(report.backtest_orders)}
      </FigureCard>
      <FigureCard label="Bars traded">{formatCount(report.bars)}</FigureCard>
      <FigureCard
        label="Bars in the store"
        explanation="Of those, which the store has for the same time too. None at the simulated exchange, which plays old bars back as new."
      >
        {formatCount(report.bars_compared)}
      </FigureCard>
      <FigureCard label="Latency, median" explanation={`${ofLatency} Half of ${formatCount(latency.orders)} orders.`}>
        {latencyText(latency.p50)}
      </FigureCard>
      <FigureCard label="Latency, 95 %" explanation={`${ofLatency} 95 of 100 orders took no longer.`}>
        {latencyText(latency.p95)}
      </FigureCard>
      <FigureCard label="Latency, longest" explanation={ofLatency}>
        {latencyText(latency.longest)}
      </FigureCard>
    </dl>
  );
}

function NoReport({ error, onRetry }: { error: Error; onRetry: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 422)
    return <ErrorNotice title="The run could not be compared" error={error} onRetry={onRetry} />;
  const again = (
    <>
      <Button variant="default" onClick={onRetry}>
        Compare again
      </Button>
      <ErrorFacts error={error} />
    </>
  );
  return (
    <EmptyState framed title="Nothing to compare" action={again}>
      {error.message}
    </EmptyState>
  );
}

function ReportSkeleton() {
  return (
    <div className={classes.waiting} aria-busy="true" role="status">
      <p className={classes.dim}>The bars this run saw are being traded once more. That may take some seconds.</p>
      <Skeleton height={180} />
      <Skeleton height={320} />
    </div>
  );
}
