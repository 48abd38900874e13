import { decodeRawBase64Url } from '../../../apimachinery/base64.ts';
import { messageOf } from '../../../apimachinery/error-message.ts';
import { describeJsonKind, isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import { parseJson } from '../../../apimachinery/json-codec.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import { refuseOtherEncodings } from '../codecs/json-media-type.ts';

/** Where a paged list goes on. A revision of -1 means: at the newest, for an inconsistent continuation. */
export interface ContinueToken {
  readonly revision: number;
  /** Key of the last object sent, relative to the list's prefix; the list goes on right after it. */
  readonly startKey: string;
}

/** Writes a token: base64url of a small JSON document, as the real server's tokens are. */
export function encodeContinueToken(token: ContinueToken): string {
  const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: `/${token.startKey}` });
  return Buffer.from(text).toString('base64url');
}

/** Reads a token. @throws StatusError 400 */
export function decodeContinueToken(text: string): ContinueToken {
  const bytes = orInvalid(() => decodeRawBase64Url(text));
  const parsed = orInvalid(() => {
    refuseOtherEncodings(bytes);
    return parseJson(bytes);
  });
  if (parsed !== null && !isJsonObject(parsed)) {
    throw invalidToken(
      `continue key is not valid: json: cannot unmarshal ${describeJsonKind(parsed)} into Go value of type storage.continueToken`,
    );
  }
  const problem = typeProblem(parsed ?? {});
  if (problem !== undefined) throw invalidToken(`continue key is not valid: ${problem}`);
  const { v, rv, start } = parsed ?? {};
  if (v !== 'meta.k8s.io/v1') {
    throw invalidToken(
      `continue key is not valid: server does not recognize this encoded version ${typeof v === 'string' ? v : ''}`,
    );
  }
  if (typeof rv !== 'number' || rv === 0) {
    throw invalidToken('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof start !== 'string' || start === '') {
    throw invalidToken('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  }
  const startKey = start.replace(/^\//, '');
  // No step may lead elsewhere, nor nowhere.
  if (startKey !== '' && startKey.split('/').some((step) => ['', '.', '..'].includes(step))) {
    throw invalidToken(`continue key is not valid: ${start}`);
  }
  return { revision: rv, startKey };
}

/** What Go's decoder says of the first field of another type; undefined when they fit. */
function typeProblem(parsed: JsonObject): string | undefined {
  for (const [field, value] of Object.entries(parsed)) {
    const type = tokenFields.get(field);
    if (type === undefined || value === null) continue;
    if (type === 'string' ? typeof value === 'string' : Number.isInteger(value)) continue;
    const shown = typeof value === 'number' ? `number ${value}` : describeJsonKind(value);
    const found = type === 'string' && typeof value === 'number' ? 'number' : shown;
    return `json: cannot unmarshal ${found} into Go struct field continueToken.${field} of type ${type}`;
  }
  return undefined;
}

const tokenFields: ReadonlyMap<string, string> = new Map([
  ['v', 'string'],
  ['rv', 'int64'],
  ['start', 'string'],
]);

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalidToken(`continue key is not valid: ${messageOf(error)}`);
  }
}

function invalidToken(message: string): Error {
  return badRequest(`invalid continue token: ${message}`);
}
