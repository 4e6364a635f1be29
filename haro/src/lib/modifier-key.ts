/** The key that shortcuts are held with, as the reader's keyboard calls it. */
export const modifierKey = /Mac|iPhone|iPad/.test(globalThis.navigator.userAgent) ? '⌘' : 'Ctrl';
