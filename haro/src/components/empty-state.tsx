import { Fragment, type ReactNode } from 'react';
import classes from './empty-state.module.css';

interface EmptyStateProps {
  title: string;
  /** 1 where it is the whole page. */
  level?: 1 | 2;
  children?: ReactNode;
  /** The next thing to type; several are ways to choose from. */
  command?: string | string[];
  action?: ReactNode;
  /** With a border: where it stands in no panel and no table. */
  framed?: boolean;
}

export function EmptyState({ title, level = 2, children, command, action, framed = false }: EmptyStateProps) {
  const Heading = level === 1 ? 'h1' : 'h2';
  return (
    <div className={classes.empty} data-framed={framed || undefined}>
      <Heading className={classes.title}>{title}</Heading>
      {children && <p className={classes.text}>{children}</p>}
      {[command ?? []].flat().map((one) => (
        <pre key={one} className={classes.command}>
          <span aria-hidden="true">$ </span>
          <code>{one.split(/(?= )/).map(unbroken)}</code>
        </pre>
      ))}
      {action}
    </div>
  );
}

/** Browsers break lines after hyphens; an option is never torn from its dashes. */
function unbroken(word: string, at: number): ReactNode {
  if (!word.startsWith(' -')) return word;
  return (
    <Fragment key={at}>
      {' '}
      <span className={classes.option}>{word.trimStart()}</span>
    </Fragment>
  );
}
