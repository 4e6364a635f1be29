/** A fresh key for one command. `crypto.randomUUID` is missing on plain http to another machine, so the bytes are drawn here. */
export function uniqueKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
