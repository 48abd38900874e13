import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Hashes of the signatures that a key may have made, by what it signs with itself. */
const hashes = {
  RS256: new Map([
    ['RS256', 'sha256'],
    ['RS384', 'sha384'],
    ['RS512', 'sha512'],
  ]),
  ES256: new Map([['ES256', 'sha256']]),
};

/** What tokens of service accounts are checked with: JSON web tokens in their compact form. */
export class TokenVerificationKey {
  readonly #publicKey: KeyObject;
  protected readonly algorithm: 'RS256' | 'ES256';
  /** `kid` of the tokens that it signs. */
  readonly keyId: string;

  /** @param key PEM of a public or private key or a certificate, RSA or EC P-256 */
  constructor(key: string) {
    this.#publicKey = createPublicKey(key);
    this.algorithm = this.#publicKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
    const der = this.#publicKey.export({ type: 'spki', format: 'der' });
    this.keyId = createHash('sha256').update(der).digest('base64url');
  }

  /** The public half as `/openid/v1/jwks` publishes it. */
  jsonWebKey(): Record<string, unknown> {
    return { use: 'sig', ...this.#publicKey.export({ format: 'jwk' }), kid: this.keyId, alg: this.algorithm };
  }

  /** Whether it has signed a token, by an algorithm for keys of its own type alone, whatever the token says. */
  hasSigned(token: string): boolean {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const { alg = '', crit } = (decodeTokenPart(head) ?? {}) as { readonly alg?: string; readonly crit?: unknown };
    // Nothing that a token may demand to be understood is (RFC 7515, 4.1.11).
    const hash = crit === undefined ? hashes[this.algorithm].get(alg) : undefined;
    if (hash === undefined) return false;
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' as const };
    return verify(hash, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'));
  }
}

/** The key that tokens of service accounts are signed with. */
export class TokenKey extends TokenVerificationKey {
  readonly #privateKey: KeyObject;

  /** @param privateKey PEM, RSA or EC P-256 */
  constructor(privateKey: string) {
    super(privateKey);
    this.#privateKey = createPrivateKey(privateKey);
  }

  /** A token with these claims. */
  sign(claims: Readonly<Record<string, unknown>>): string {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: this.algorithm, kid: this.keyId })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }
}

/** What a part of a token says; undefined when it is no JSON. */
export function decodeTokenPart(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;
  } catch {
    return undefined;
  }
}
