import { Alert, Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { EmptyState } from '../../components/empty-state';
import { ErrorNotice } from '../../components/error-notice';
import { PageBody } from '../../components/page-body';
import { PageHeading } from '../../components/page-heading';
import { AddRun } from './add-run';
import { useComparedRuns, type ComparedRun } from './api/get-compared-runs';
import { ComparedCurves } from './compared-curves';
import { ComparedFigures } from './compared-figures';
import { mostRuns } from './compared-look';
import { ComparedSettings } from './compared-settings';
import classes from './compare-page.module.css';
import type { Alignment } from './comparison-curves';

interface ComparePageProps {
  /** In the order of the address: the first one is what the others are compared with. */
  runIds: string[];
  /** What the reader chose; undefined leaves it to the curves. */
  alignment: Alignment | undefined;
  onRuns: (ids: string[]) => void;
  onAlignment: (alignment: Alignment) => void;
}

const warning = {
  color: 'yellow',
  variant: 'outline',
  classNames: { root: classes.notice ?? '', title: classes.noticeTitle ?? '' },
};

/** Runs over each other: curves, figures, and what they were told differently. */
export function ComparePage({ runIds, alignment, onRuns, onAlignment }: ComparePageProps) {
  useDocumentTitle('Compare · Weaver');
  const wanted = [...new Set(runIds)];
  const ids = wanted.slice(0, mostRuns);
  const compared = useComparedRuns(ids);
  const found = compared.filter(({ run }) => run !== undefined);
  const remove = (id: string) => {
    onRuns(ids.filter((one) => one !== id));
  };
  return (
    <>
      <PageHeading title="Compare">
        <AddRun
          chosen={ids}
          onAdd={(id) => {
            onRuns([...ids, id]);
          }}
        />
      </PageHeading>
      <PageBody>
        {wanted.length > mostRuns && (
          <Alert {...warning} title={`The first ${mostRuns} of ${wanted.length} runs are shown`}>
            More lines than that cannot be told apart. Remove one to make room for another.
          </Alert>
        )}
        <Failures compared={compared} onRemove={remove} />
        {ids.length > 0 && (
          <ComparedCurves compared={compared} alignment={alignment} onAlignment={onAlignment} onRemove={remove} />
        )}
        {ids.length < 2 ? (
          <EmptyState title={ids.length === 0 ? 'Nothing to compare yet' : 'Compared with what?'}>
            Add runs with the button above, or select two or more in the list of runs. The first one is what the others
            are compared with.
          </EmptyState>
        ) : (
          found.length > 1 && <Tables compared={found} places={found.map((one) => compared.indexOf(one))} />
        )}
      </PageBody>
    </>
  );
}

function Tables({ compared, places }: { compared: ComparedRun[]; places: number[] }) {
  if (compared.some(({ figures, error }) => figures === undefined && error === null))
    return <Skeleton height={400} aria-label="Loading the figures" />;
  return (
    <>
      <ComparedSettings compared={compared} places={places} />
      <ComparedFigures compared={compared} places={places} />
    </>
  );
}

/** What could not be shown, run by run: the others are compared all the same. */
function Failures({ compared, onRemove }: { compared: ComparedRun[]; onRemove: (id: string) => void }) {
  return compared
    .filter(({ error }) => error !== null)
    .map(({ id, isMissing, error, retry }) =>
      isMissing ? (
        <Alert
          key={id}
          {...warning}
          role="alert"
          title="There is no such run"
          withCloseButton
          closeButtonLabel="Leave it out"
          onClose={() => {
            onRemove(id);
          }}
        >
          <code className={classes.id}>{id}</code> may have been deleted, or the address is not complete. The others are
          compared without it.
        </Alert>
      ) : (
        <ErrorNotice key={id} title={`The run ${id} could not be loaded`} error={error} onRetry={retry} />
      ),
    );
}
