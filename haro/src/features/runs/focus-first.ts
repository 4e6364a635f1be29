import type { Problems } from './read-draft';

/** Brings the first field with a problem to the reader. */
export function focusFirst(form: HTMLFormElement | null, problems: Problems): void {
  const field = Array.from(form?.elements ?? []).find((element) => (element.getAttribute('name') ?? '') in problems);
  if (field instanceof HTMLElement) field.focus();
}
