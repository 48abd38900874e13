import { type LegacyClaims, legacyIssuer } from '../../api/core/v1/legacy-token.ts';
import { decodeTokenPart, TokenKey, TokenVerificationKey } from '../../pki/token-key.ts';
import type { Clock } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';
import type { Authenticator, UserInfo } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { checkLegacyToken, type LegacyTokenObjects } from './legacy-token.ts';

/** The object a token is tied to, besides its service account. */
export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly name: string;
  readonly uid: string;
}

export interface TokenSpecification {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly bound?: BoundObject;
  /** The node of the pod it is bound to; for information, not checked. */
  readonly node?: { readonly name: string; readonly uid: string };
  /** From when on its use is reported: what was asked for, where the token is made to last longer. */
  readonly warnAfterSeconds?: number;
}

/** Looks up what a token's claims point to, to find out whether it still holds. */
export interface TokenObjects {
  /** uid of a service account; undefined when it is gone. */
  serviceAccountUid(namespace: string, name: string): Promise<string | undefined>;
  /** uid of the bound object. */
  boundUid(kind: BoundObject['kind'], namespace: string, name: string): Promise<string | undefined>;
  /** For tokens that secrets hold; where it is not there they are not known. */
  readonly legacy?: LegacyTokenObjects;
}

export interface TokenAuthorityOptions {
  /** `iss` claim. */
  readonly issuer: string;
  /** PEM, RSA or EC P-256. */
  readonly signingKey: string;
  /** PEM of the keys that tokens are checked with; the signing key when absent. */
  readonly verificationKeys?: readonly string[];
  /** Whether the secret and the service account of a token that a secret holds must still be there; true when absent. */
  readonly looksUpSecrets?: boolean;
  /** Audiences of the API server itself. */
  readonly apiAudiences: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
}

interface Claims {
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly nbf?: number;
  readonly sub?: string;
  readonly jti?: string;
  readonly 'kubernetes.io'?: {
    readonly namespace?: string;
    readonly serviceaccount?: { readonly name?: string; readonly uid?: string };
    readonly pod?: { readonly name?: string; readonly uid?: string };
    readonly secret?: { readonly name?: string; readonly uid?: string };
    readonly node?: { readonly name?: string; readonly uid?: string };
  };
}

/** Issues and checks the tokens of service accounts (JWT; KEP-1205). */
export class ServiceAccountTokenAuthority {
  readonly #options: TokenAuthorityOptions;
  readonly #key: TokenKey;
  readonly #verificationKeys: readonly TokenVerificationKey[];

  constructor(options: TokenAuthorityOptions) {
    this.#options = options;
    this.#key = new TokenKey(options.signingKey);
    this.#verificationKeys = options.verificationKeys?.map((key) => new TokenVerificationKey(key)) ?? [this.#key];
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  /** The public keys as `/openid/v1/jwks` publishes them. */
  jsonWebKeys(): Record<string, unknown>[] {
    return this.#verificationKeys.map((key) => key.jsonWebKey());
  }

  /** @returns the token and when it ends, in milliseconds since the epoch. */
  issue(specification: TokenSpecification): { readonly token: string; readonly expiresAt: number } {
    const seconds = Math.floor(this.#options.clock.now() / 1000);
    const { namespace, name, uid, bound, node, warnAfterSeconds } = specification;
    const expires = seconds + specification.expirationSeconds;
    const claims = {
      aud: specification.audiences,
      exp: expires,
      iat: seconds,
      iss: this.#options.issuer,
      jti: this.#options.random.uuid(),
      'kubernetes.io': {
        namespace,
        ...(node === undefined || bound?.kind !== 'Pod' ? {} : { node: withoutEmpty(node) }),
        ...(bound === undefined ? {} : { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
        serviceaccount: { name, uid },
        ...(warnAfterSeconds === undefined ? {} : { warnafter: seconds + warnAfterSeconds }),
      },
      nbf: seconds,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    return { token: this.#key.sign(claims), expiresAt: expires * 1000 };
  }

  /**
   * Who a token speaks for.
   * @returns undefined when it is not one of ours (no JWT, or of another issuer).
   * @throws Error for one that does not hold (any more).
   */
  async check(
    token: string,
    audiences: readonly string[],
    objects: TokenObjects,
  ): Promise<{ readonly user: UserInfo; readonly audiences: readonly string[] } | undefined> {
    const parts = token.split('.');
    const claims = parts.length === 3 ? (decodeTokenPart(parts[1] ?? '') as Claims | null | undefined) : undefined;
    const isLegacy = claims?.iss === legacyIssuer && objects.legacy !== undefined;
    if (claims?.iss !== this.#options.issuer && !isLegacy) return undefined;
    if (!this.#verificationKeys.some((key) => key.hasSigned(token))) throw new Error('invalid signature');
    if (isLegacy) return this.#checkLegacy(token, claims, audiences, objects.legacy);
    const seconds = this.#options.clock.now() / 1000;
    if (typeof claims.exp !== 'number' || seconds >= claims.exp) throw new Error('service account token has expired');
    if (typeof claims.nbf === 'number' && seconds + 1 < claims.nbf) throw new Error('token is not valid yet');
    const own = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
    const common = audiences.filter((audience) => own.includes(audience));
    if (common.length === 0) throw new Error('token audiences do not match');
    return { user: await this.#user(claims, objects), audiences: common };
  }

  /** A token that a secret holds: for the API server, and without an end. */
  async #checkLegacy(
    token: string,
    claims: Partial<LegacyClaims>,
    audiences: readonly string[],
    objects: LegacyTokenObjects,
  ): Promise<{ readonly user: UserInfo; readonly audiences: readonly string[] }> {
    const { apiAudiences, clock, looksUpSecrets = true } = this.#options;
    const common = audiences.filter((audience) => apiAudiences.includes(audience));
    if (common.length === 0) throw new Error('token audiences do not match');
    return {
      user: await checkLegacyToken(claims, token, looksUpSecrets ? objects : undefined, clock.now()),
      audiences: common,
    };
  }

  async #user(claims: Claims, objects: TokenObjects): Promise<UserInfo> {
    const own = claims['kubernetes.io'] ?? {};
    const { namespace = '', serviceaccount = {} } = own;
    const { name = '', uid = '' } = serviceaccount;
    if ((await objects.serviceAccountUid(namespace, name)) !== uid)
      throw new Error('service account token has been invalidated');
    const extra: Record<string, readonly string[]> = {};
    for (const kind of ['Pod', 'Secret', 'Node'] as const) {
      const bound = own[kind.toLowerCase() as 'pod' | 'secret' | 'node'];
      if (bound?.name === undefined) continue;
      const isOnlyInfo = kind === 'Node' && own.pod !== undefined;
      if (!isOnlyInfo && (await objects.boundUid(kind, namespace, bound.name)) !== bound.uid) {
        throw new Error('service account token has been invalidated');
      }
      if (kind === 'Secret') continue;
      extra[`authentication.kubernetes.io/${kind.toLowerCase()}-name`] = [bound.name];
      extra[`authentication.kubernetes.io/${kind.toLowerCase()}-uid`] = [bound.uid ?? ''];
    }
    if (claims.jti !== undefined) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims.jti}`];
    return {
      username: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
      extra,
    };
  }
}

/** Bearer tokens that are service account tokens. */
export function serviceAccountAuthenticator(
  authority: ServiceAccountTokenAuthority,
  apiAudiences: readonly string[],
  objects: TokenObjects,
): Authenticator {
  return {
    name: 'service account',
    async authenticate(request) {
      const token = bearerToken(request);
      if (token === undefined) return undefined;
      const checked = await authority.check(token, apiAudiences, objects);
      if (checked === undefined) throw new Error('invalid bearer token');
      return checked.user;
    },
  };
}

function withoutEmpty(node: { readonly name: string; readonly uid: string }): { name: string; uid?: string } {
  return node.uid === '' ? { name: node.name } : node;
}
