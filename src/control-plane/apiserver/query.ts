/**
 * Reads a query as Go's net/url does: what has a semicolon in it, or an escape that is none, is as if it were not there.
 * @param text without the question mark.
 */
export function parseQuery(text: string): URLSearchParams {
  if (!/;|%(?![0-9a-f]{2})/i.test(text)) return new URLSearchParams(text);
  const readable = text.split('&').filter((part) => !/;|%(?![0-9a-f]{2})/i.test(part));
  return new URLSearchParams(readable.join('&'));
}
