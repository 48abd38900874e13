import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** The key that tokens of service accounts are signed with: JSON web tokens in their compact form, RS256 or ES256. */
export class TokenKey {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #algorithm: 'RS256' | 'ES256';
  readonly #keyId: string;

  /** @param privateKey PEM, RSA or EC P-256 */
  constructor(privateKey: string) {
    this.#privateKey = createPrivateKey(privateKey);
    this.#publicKey = createPublicKey(this.#privateKey);
    this.#algorithm = this.#privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
    const der = this.#publicKey.export({ type: 'spki', format: 'der' });
    this.#keyId = createHash('sha256').update(der).digest('base64url');
  }

  /** The public half as `/openid/v1/jwks` publishes it. */
  jsonWebKey(): Record<string, unknown> {
    return {
      use: 'sig',
      ...this.#publicKey.export({ format: 'jwk' }),
      kid: this.#keyId,
      alg: this.#algorithm,
    };
  }

  /** A token with these claims. */
  sign(claims: Readonly<Record<string, unknown>>): string {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: this.#algorithm, kid: this.#keyId })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }

  /** Whether it has signed a token. The algorithm is that of the key, whatever the token says. */
  hasSigned(token: string): boolean {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const { alg } = (decodeTokenPart(head) ?? {}) as { readonly alg?: string };
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' as const };
    return (
      alg === this.#algorithm &&
      verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))
    );
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
