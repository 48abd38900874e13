import { goQuote } from '../../../apimachinery/field-error.ts';
import { badRequest } from '../../../apimachinery/status.ts';

/** Where a paged list goes on. A revision of -1 means: at the newest, for an inconsistent continuation. */
export interface ContinueToken {
  readonly revision: number;
  /** Key of the last object sent, relative to the list's prefix; the list goes on right after it. */
  readonly startKey: string;
}

/** Writes a token: base64url of a small JSON document, as the real server's tokens are. */
export function encodeContinueToken(token: ContinueToken): string {
  const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.startKey });
  return Buffer.from(text).toString('base64url');
}

/** Reads a token. @throws StatusError 400 */
export function decodeContinueToken(text: string): ContinueToken {
  const clean = text.replace(/=+$/, '');
  if (!/^[A-Za-z0-9_-]*$/.test(clean)) {
    const wrongAt = clean.search(/[^A-Za-z0-9_-]/);
    throw invalidToken(`continue key is not valid: illegal base64 data at input byte ${wrongAt}`);
  }
  const bytes = Buffer.from(clean, 'base64url');
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    const first = String.fromCharCode(bytes[0] ?? 0);
    throw invalidToken(
      bytes.length === 0
        ? 'continue key is not valid: unexpected end of JSON input'
        : `continue key is not valid: invalid character ${goQuote(first).replace(/^"|"$/g, "'")} looking for beginning of value`,
    );
  }
  const { v, rv, start } = (parsed ?? {}) as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== 'meta.k8s.io/v1') {
    throw invalidToken(
      `continue key is not valid: server does not recognize this encoded version ${goQuote(typeof v === 'string' ? v : '')}`,
    );
  }
  if (typeof rv !== 'number' || rv === 0) {
    throw invalidToken('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof start !== 'string' || start === '') {
    throw invalidToken('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  }
  if (start.split('/').includes('..')) throw invalidToken(`continue key is not valid: ${start}`);
  return { revision: rv, startKey: start };
}

function invalidToken(message: string): Error {
  return badRequest(`invalid continue token: ${message}`);
}
