import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';

/** What a signature is checked by. */
export interface SignatureParts {
  readonly algorithm: string;
  /** What was signed; undefined for what cannot hold. */
  readonly content: Buffer | undefined;
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

/** A key of a set by its name. */
export interface NamedKey {
  readonly keyId: string;
  readonly isPublic: boolean;
  /** Undefined for a key that none of the algorithms uses. */
  readonly key: KeyObject | undefined;
}

/** Coordinates of points of a curve, by its name, in bytes. */
const coordinateBytes: Readonly<Record<string, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 };

/** The keys of a JSON Web Key Set (RFC 7517). @throws Error in the words of go-jose, for one wrong key too */
export function readKeySet(set: JsonValue): NamedKey[] {
  if (set === null) return [];
  if (!isJsonObject(set)) throw unfit(set, 'Go value of type jose.JSONWebKeySet');
  const { keys = null } = set;
  if (keys === null) return [];
  if (!Array.isArray(keys)) throw unfit(keys, 'Go struct field JSONWebKeySet.keys of type []jose.JSONWebKey');
  return keys.map(readJsonWebKey);
}

/** One key (RFC 7517). @throws Error in the words of go-jose */
export function readJsonWebKey(jwk: JsonValue): NamedKey {
  if (!isJsonObject(jwk)) throw unfit(jwk, 'Go value of type jose.rawJSONWebKey');
  const text = (name: string): string => {
    const value = jwk[name] ?? '';
    if (typeof value !== 'string') throw unfit(value, `Go struct field rawJSONWebKey.${name} of type string`);
    return value;
  };
  const [keyId, kty, curve] = [text('kid'), text('kty'), text('crv')];
  const isPublic = text('d') === '';
  switch (kty) {
    case 'EC':
      checkCurvePoint(curve, text('x'), text('y'));
      return { keyId, isPublic, key: publicKey(jwk, 'EC key, X/Y are not on declared curve') };
    case 'RSA':
      if (text('n') === '' || text('e') === '') throw joseError('invalid RSA key, missing n/e values');
      return { keyId, isPublic, key: publicKey(jwk, 'RSA key') };
    case 'oct':
      if (text('k') === '') throw joseError('invalid OCT (symmetric) key, missing k value');
      return { keyId, isPublic: false, key: undefined };
    case 'OKP':
      if (curve !== 'Ed25519' || text('x') === '') throw joseError(`unknown curve ${curve}'`);
      return { keyId, isPublic, key: undefined };
    default:
      throw joseError(`unknown json web key type '${kty}'`);
  }
}

function checkCurvePoint(curve: string, x: string, y: string): void {
  const size = Object.hasOwn(coordinateBytes, curve) ? coordinateBytes[curve] : undefined;
  if (size === undefined) throw joseError(`unsupported elliptic curve '${curve}'`);
  if (x === '' || y === '') throw joseError('invalid EC key, missing x/y values');
  for (const [name, value] of Object.entries({ x, y })) {
    if (Buffer.from(value, 'base64url').length !== size) {
      throw joseError(`invalid EC public key, wrong length for ${name}`);
    }
  }
}

function publicKey(jwk: JsonObject, what: string): KeyObject {
  try {
    return createPublicKey({ key: jwk as Record<string, string>, format: 'jwk' });
  } catch {
    throw joseError(`invalid ${what}`);
  }
}

function joseError(message: string): Error {
  return new Error(`go-jose/go-jose: ${message}`);
}

function unfit(value: JsonValue, into: string): Error {
  return new Error(`json: cannot unmarshal ${describeJsonKind(value)} into ${into}`);
}

/** Whether a key made a signature; a key of another sort than the algorithm wants did not. */
export function hasSigned(key: KeyObject, { algorithm, content, signature }: SignatureParts): boolean {
  const known = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm] : undefined;
  if (content === undefined || known === undefined || key.asymmetricKeyType !== known.keyType) return false;
  if (known.curve !== undefined && key.asymmetricKeyDetails?.namedCurve !== known.curve) return false;
  if (known.keyType === 'ec') return verify(known.hash, content, { key, dsaEncoding: 'ieee-p1363' }, signature);
  const padding =
    known.isPss === true
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
      : { padding: constants.RSA_PKCS1_PADDING };
  return verify(known.hash, content, { key, ...padding }, signature);
}
