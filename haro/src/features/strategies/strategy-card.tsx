import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useId, type ReactNode } from 'react';
import type { StrategyEntry } from '../../lib/api-types';
import { useCheckStrategy } from './api/check-strategy';
import { ParameterTable } from './parameter-table';
import { versionParts } from './parameter-rows';
import { CheckButton, CheckOutcome } from './strategy-check';
import classes from './strategy-card.module.css';

const sources: Record<string, string | undefined> = {
  bundled: 'comes with Weaver',
  directory: 'strategies folder',
};

/** One strategy that can be run: what it is, and what can be set. */
export function StrategyCard({ strategy }: { strategy: StrategyEntry }) {
  const titleId = useId();
  const { name, class_name, author, source, description, parameters } = strategy;
  const check = useCheckStrategy(name);
  const { version, content } = versionParts(strategy.version);
  return (
    <section className={classes.card} aria-labelledby={titleId} data-testid={`strategy-${name}`}>
      <div className={classes.identity}>
        <h2 id={titleId} className={classes.name}>
          {name}
        </h2>
        <p className={classes.description}>{description || 'Says nothing of itself.'}</p>
        <dl className={classes.facts}>
          <Fact label="Class">{class_name}</Fact>
          <Fact label="Version">
            {version}
            {content !== null && (
              <span className={classes.content} title="Of the file’s content: it changes with every edit">
                {content}
              </span>
            )}
          </Fact>
          {author !== '' && <Fact label="Author">{author}</Fact>}
          <Fact label="Source">{sources[source] ?? source}</Fact>
        </dl>
        <div className={classes.actions}>
          <Button
            size="xs"
            variant="default"
            aria-label={`New run of ${name}`}
            renderRoot={(props) => <Link {...props} to="/new" search={{ strategy: name }} />}
          >
            New run
          </Button>
          <CheckButton name={name} check={check} />
        </div>
      </div>
      <ParameterTable name={name} schema={parameters} />
      <CheckOutcome name={name} check={check} />
    </section>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
