import classes from './tags.module.css';

/** What somebody called a run besides its name. */
export function Tags({ tags }: { tags: string[] }) {
  return (
    <span className={classes.tags} title={tags.join(', ')}>
      {tags.map((tag) => (
        <span key={tag} className={classes.tag}>
          {tag}
        </span>
      ))}
    </span>
  );
}
