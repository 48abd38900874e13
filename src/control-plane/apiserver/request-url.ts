import { textOfOctets } from '../../apimachinery/octets.ts';

/** A path that means nothing; nobody is asked whether it is allowed. */
export class RequestUrlError extends Error {}

/** A path without its escapes; octets that are no UTF-8 are kept as `textOfOctets` does. @throws RequestUrlError for escapes that are none */
export function unescapedPath(rawPath: string): string {
  if (!rawPath.includes('%')) return rawPath;
  if (/%(?![0-9a-f]{2})/i.test(rawPath)) throw new RequestUrlError('400 Bad Request');
  try {
    return decodeURIComponent(rawPath);
  } catch {
    const bytes = rawPath.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    return textOfOctets(bytes);
  }
}
