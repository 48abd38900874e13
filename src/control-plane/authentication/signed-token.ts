import { decodeRawBase64Url } from '../../apimachinery/base64.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import { readJsonWebKey } from './json-web-keys.ts';

/** A signed token in its compact form (JWS, RFC 7515). Nothing of it is to be believed before its signature is checked. */
export interface SignedToken {
  readonly algorithm: string;
  /** Empty for a token that names no key. */
  readonly keyId: string;
  readonly payload: Buffer;
  /** What was signed; undefined where the token demands that something be understood that is not. */
  readonly content: Buffer | undefined;
  readonly signature: Buffer;
}

/** Takes a token apart. @throws Error for what is none, in the words of go-jose */
export function readSignedToken(text: string): SignedToken {
  const stripped = text.replace(/\s/g, '');
  if (stripped.startsWith('{')) throw new Error('go-jose/go-jose: only the compact form is read');
  const [head = '', body = '', signature = '', ...rest] = stripped.split('.');
  if (rest.length > 0 || stripped.split('.').length < 3) {
    throw new Error('go-jose/go-jose: compact JWS format must have three parts');
  }
  const headerBytes = decodeRawBase64Url(head);
  const payload = decodeRawBase64Url(body);
  const signatureBytes = decodeRawBase64Url(signature);
  const header = readHeader(headerBytes);
  return {
    algorithm: headerText(header, 'alg', 'algorithm'),
    keyId: headerText(header, 'kid', 'key ID'),
    payload,
    content: signedContent(header, head, payload),
    signature: signatureBytes,
  };
}

/**
 * Who a token says that it is of, before that is checked.
 * @throws Error for what is no signed token
 */
export function untrustedIssuer(text: string): string {
  if (text.trim().startsWith('{')) throw new Error('token is not compact JWT');
  const parts = text.split('.');
  if (parts.length !== 3) throw new Error('malformed token');
  const payload = during('error decoding token', () => decodeRawBase64Url(parts[1] ?? ''));
  return during('while unmarshaling token', () => {
    const claims = parseJson(payload);
    if (claims === null) return '';
    const target = 'struct { Issuer string "json:\\"iss\\"" }';
    if (!isJsonObject(claims)) throw unfit(claims, `Go value of type ${target}`);
    let issuer = '';
    // As Go's decoder, which knows a field by any case of its name and takes the last.
    for (const [name, value] of Object.entries(claims)) {
      if (name.toLowerCase() !== 'iss' || value === null) continue;
      if (typeof value !== 'string') throw unfit(value, 'Go struct field .iss of type string');
      issuer = value;
    }
    return issuer === 'accounts.google.com' ? `https://${issuer}` : issuer;
  });
}

function during<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function unfit(value: JsonValue, into: string): Error {
  return new Error(`json: cannot unmarshal ${describeJsonKind(value)} into ${into}`);
}

function readHeader(bytes: Buffer): JsonObject {
  const header = parseJson(bytes, {
    onDuplicateKey: (path) => {
      throw new Error(`json: duplicate key '${path.at(-1) ?? ''}' in object`);
    },
  });
  if (header === null) return {};
  if (!isJsonObject(header)) throw unfit(header, 'Go value of type jose.rawHeader');
  headerText(header, 'nonce', 'nonce');
  const { jwk = null } = header;
  if (jwk === null) return header;
  const shown = goQuote(JSON.stringify(jwk));
  let isPublic = false;
  try {
    isPublic = readJsonWebKey(jwk).isPublic;
  } catch (error) {
    throw new Error(`failed to unmarshal JWK: ${error instanceof Error ? error.message : String(error)}: ${shown}`, {
      cause: error,
    });
  }
  if (!isPublic) throw new Error('go-jose/go-jose: invalid embedded jwk, must be public key');
  return header;
}

function headerText(header: JsonObject, name: string, called: string): string {
  const value = header[name] ?? '';
  if (typeof value === 'string') return value;
  const why = unfit(value, 'Go value of type string').message;
  throw new Error(`failed to unmarshal ${called}: ${why}: ${goQuote(JSON.stringify(value))}`);
}

/** Of what a token may demand to be understood, `b64` alone is (RFC 7797): its payload is signed as it is. */
function signedContent({ crit = null, b64 }: JsonObject, head: string, payload: Buffer): Buffer | undefined {
  const isUnderstood = crit === null || (Array.isArray(crit) && crit.every((name) => name === 'b64'));
  if (!isUnderstood) return undefined;
  const body = b64 === false ? payload : Buffer.from(payload.toString('base64url'));
  return Buffer.concat([Buffer.from(`${head}.`), body]);
}
