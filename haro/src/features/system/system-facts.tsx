import { Skeleton } from '@mantine/core';
import { ErrorNotice } from '../../components/error-notice';
import { FigureCard } from '../../components/figure-card';
import { formatCount } from '../../lib/number-format';
import { useInfo } from './api/get-info';
import classes from './system-page.module.css';

/** What runs here, and where its journal ends. */
export function SystemFacts() {
  const info = useInfo();
  if (info.data === undefined) {
    if (!info.isError) return <Skeleton height={68} aria-label="Loading the version" />;
    return <ErrorNotice title="What runs here is not known" error={info.error} onRetry={() => void info.refetch()} />;
  }
  const { version, python, modes, journal_position: position, epoch } = info.data;
  return (
    <dl className={classes.facts} aria-label="This Weaver">
      <FigureCard label="Version">{version}</FigureCard>
      <FigureCard label="Journal position" explanation={`Of the newest event. The journal is ${epoch}.`}>
        {formatCount(position)}
      </FigureCard>
      <FigureCard label="Modes">{modes.join(' · ')}</FigureCard>
      <FigureCard label="Python">{python}</FigureCard>
    </dl>
  );
}
