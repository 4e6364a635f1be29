/** Search parameters as the routes take them: what makes no sense is left out, so that an old or mistyped address still opens. */
type Reader<Value> = (value: unknown) => Value | undefined;

type Read<Readers extends Record<string, Reader<unknown>>> = {
  [Name in keyof Readers]?: NonNullable<ReturnType<Readers[Name]>>;
};

/** For `validateSearch`: each parameter by its reader. */
export function searchOf<Readers extends Record<string, Reader<unknown>>>(readers: Readers) {
  return (search: Record<string, unknown>): Read<Readers> => {
    const present = Object.entries(readers).filter(([name]) => name in search);
    // The router lays this over what the address says: what makes no sense is overwritten by undefined, not left out.
    return Object.fromEntries(present.map(([name, reader]) => [name, reader(search[name])])) as Read<Readers>;
  };
}

/** Without those that made no sense. */
export function given<Search extends object>(search: Search): Search {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as Search;
}

const longestText = 200;

/** The router reads `?tag=2024` as a number; it is meant as it is written. */
export const text: Reader<string> = (value) => {
  const written = typeof value === 'number' ? String(value) : value;
  return typeof written === 'string' && written !== '' && written.length <= longestText ? written : undefined;
};

export function oneOf<Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  return (value) => choices.find((choice) => choice === value);
}

/** An instant, as it was written; everything the server's own parameters take as a time. */
export const instant: Reader<string> = (value) => {
  const written = text(value);
  return written !== undefined && !Number.isNaN(Date.parse(written)) ? written : undefined;
};

/** A place in the journal: a position, or an instant. */
export const journalPlace: Reader<number | string> = (value) =>
  typeof value === 'number' ? (Number.isSafeInteger(value) && value >= 0 ? value : undefined) : instant(value);

/** A whole number from 0. */
export const numberFromZero: Reader<number> = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

/** "a,b,c" */
export const commaSeparated: Reader<string> = (value) => {
  const parts = (typeof value === 'string' ? value : '').split(',').filter((part) => part !== '');
  return parts.length > 0 ? parts.join(',') : undefined;
};
