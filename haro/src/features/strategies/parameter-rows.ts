/** A strategy's parameters as a table shows them, and which strategies a filter finds. */
import type { StrategyEntry } from '../../lib/api-types';
import { unknownMark } from '../../lib/number-format';
import { boundsText, parameterFields, type ParameterField } from '../../lib/parameter-fields';
import { hasWords } from '../../lib/search-text';

export interface ParameterRow {
  name: string;
  type: string;
  default: string;
  /** In words, and the choices where there are some. */
  bounds: string;
  description: string;
}

export function parameterRows(schema: StrategyEntry['parameters']): ParameterRow[] {
  return parameterFields(schema).map((field) => ({
    name: field.name,
    type: typeText(field),
    default: field.required ? 'must be given' : field.defaultText === '' ? unknownMark : field.defaultText,
    bounds: field.kind === 'choice' ? field.choices.join(', ') : boundsText(field.bounds),
    description: field.description,
  }));
}

const typeTexts: Record<ParameterField['kind'], string> = {
  integer: 'whole number',
  number: 'number',
  decimal: 'exact decimal',
  text: 'text',
  boolean: 'true or false',
  choice: 'one of',
  unsupported: 'other',
};

const typeText = ({ kind }: ParameterField): string => typeTexts[kind];

/** Those with every word of the text in their name, class, author, source or description. */
export function matchingStrategies(strategies: StrategyEntry[], text: string): StrategyEntry[] {
  return strategies.filter(({ name, class_name, author, source, description }) =>
    hasWords([name, class_name, author, source, description].join(' '), text),
  );
}

/** "1.0+44098386c4da" is version 1.0 of a file with that content. */
export function versionParts(version: string): { version: string; content: string | null } {
  const [number = '', content] = version.split('+');
  return { version: number, content: content ?? null };
}
