/** Whether every word stands somewhere in the text, whatever the case. */
export function hasWords(text: string, words: string): boolean {
  const inside = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => inside.includes(word));
}
