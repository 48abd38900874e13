import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';

/** The parts of a signed token (RFC 7519, compact form). */
export interface SignedToken {
  readonly algorithm: string;
  readonly keyId: string;
  readonly claims: JsonObject;
  /** What was signed. */
  readonly content: Buffer;
  readonly signature: Buffer;
}

interface Algorithm {
  readonly hash: string;
  readonly keyType: 'rsa' | 'ec';
  readonly isPss?: boolean;
  readonly curve?: string;
}

/** Those of RFC 7518 with a public key. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  ES256: { hash: 'sha256', keyType: 'ec', curve: 'prime256v1' },
  ES384: { hash: 'sha384', keyType: 'ec', curve: 'secp384r1' },
  ES512: { hash: 'sha512', keyType: 'ec', curve: 'secp521r1' },
  PS256: { hash: 'sha256', keyType: 'rsa', isPss: true },
  PS384: { hash: 'sha384', keyType: 'rsa', isPss: true },
  PS512: { hash: 'sha512', keyType: 'rsa', isPss: true },
  RS256: { hash: 'sha256', keyType: 'rsa' },
  RS384: { hash: 'sha384', keyType: 'rsa' },
  RS512: { hash: 'sha512', keyType: 'rsa' },
};

/** The algorithms that tokens of OpenID Connect may be signed with. */
export const signingAlgorithms: readonly string[] = Object.keys(algorithms);

/** Takes a token apart; undefined for what is none. Nothing of it is to be believed yet. */
export function readSignedToken(token: string): SignedToken | undefined {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  if (body === '' || rest.length > 0) return undefined;
  try {
    const header = parseJson(Buffer.from(head, 'base64url'));
    const claims = parseJson(Buffer.from(body, 'base64url'));
    if (!isJsonObject(header) || !isJsonObject(claims)) return undefined;
    const { alg, kid } = header;
    return {
      algorithm: typeof alg === 'string' ? alg : '',
      keyId: typeof kid === 'string' ? kid : '',
      claims,
      content: Buffer.from(`${head}.${body}`),
      signature: Buffer.from(signature, 'base64url'),
    };
  } catch {
    return undefined;
  }
}

/** A public key by its name. */
export interface NamedKey {
  readonly keyId: string;
  readonly key: KeyObject;
}

/** The keys of a JSON Web Key Set (RFC 7517) that signatures are checked with; others are left out. */
export function readKeySet(set: JsonObject): NamedKey[] {
  if (!Array.isArray(set['keys'])) throw new Error('the key set has no keys');
  return set['keys'].filter(isJsonObject).flatMap((jwk): NamedKey[] => {
    if (jwk['use'] === 'enc' || (jwk['kty'] !== 'RSA' && jwk['kty'] !== 'EC')) return [];
    try {
      const key = createPublicKey({ key: jwk as Record<string, string>, format: 'jwk' });
      return [{ keyId: typeof jwk['kid'] === 'string' ? jwk['kid'] : '', key }];
    } catch {
      return [];
    }
  });
}

/** Whether a key made a token's signature; a key of another sort than the algorithm wants did not. */
export function hasSigned(key: KeyObject, { algorithm, content, signature }: SignedToken): boolean {
  const known = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm] : undefined;
  if (known === undefined || key.asymmetricKeyType !== known.keyType) return false;
  if (known.curve !== undefined && key.asymmetricKeyDetails?.namedCurve !== known.curve) return false;
  if (known.keyType === 'ec') return verify(known.hash, content, { key, dsaEncoding: 'ieee-p1363' }, signature);
  const padding =
    known.isPss === true
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { padding: constants.RSA_PKCS1_PADDING };
  return verify(known.hash, content, { key, ...padding }, signature);
}
