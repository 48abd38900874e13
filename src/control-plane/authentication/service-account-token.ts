import { type LegacyClaims, legacyIssuer } from '../../api/core/v1/legacy-token.ts';
import { goQuoteList } from '../../apimachinery/field-error.ts';
import { decodeTokenPart, TokenKey, TokenVerificationKey } from '../../pki/token-key.ts';
import type { Clock } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';
import type { UserInfo } from './authenticator.ts';
import { checkLegacyToken, type LegacyTokenObjects, type LegacyTokenUse } from './legacy-token.ts';
import { readSignedToken } from './signed-token.ts';
import type { CheckedToken, TokenChecker } from './token-checker.ts';

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

/** What tells whether an object is still the one that a token was made for. */
export interface FoundObject {
  readonly uid: string;
  /** Its deletionTimestamp, in milliseconds since the epoch. */
  readonly goesAt?: number;
}

/** Is told which kinds of tokens are used (metrics `serviceaccount_*_total`). */
export interface TokenUseObserver {
  used(kind: 'legacy' | 'stale' | 'valid' | LegacyTokenUse): void;
}

/** Looks up what a token's claims point to, to find out whether it still holds. */
export interface TokenObjects {
  /** What is known of an object; undefined when it is gone. */
  find(kind: BoundObject['kind'] | 'ServiceAccount', namespace: string, name: string): Promise<FoundObject | undefined>;
  /** For tokens that secrets hold; where it is not there they are not known. */
  readonly legacy?: LegacyTokenObjects;
}

export interface TokenAuthorityOptions {
  /** `iss` claim. */
  readonly issuer: string;
  /** Those whose tokens are taken too, but not made. */
  readonly otherIssuers?: readonly string[];
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
  readonly observer?: TokenUseObserver;
}

interface Claims {
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly sub?: string;
  readonly jti?: string;
  readonly 'kubernetes.io'?: {
    readonly namespace?: string;
    readonly serviceaccount?: { readonly name?: string; readonly uid?: string };
    readonly pod?: { readonly name?: string; readonly uid?: string };
    readonly secret?: { readonly name?: string; readonly uid?: string };
    readonly node?: { readonly name?: string; readonly uid?: string };
    readonly warnafter?: number;
  };
}

/** Issues and checks the tokens of service accounts (JWT; KEP-1205). */
export class ServiceAccountTokenAuthority {
  readonly #options: TokenAuthorityOptions;
  readonly #key: TokenKey;
  readonly #verificationKeys: readonly TokenVerificationKey[];
  readonly #observer: TokenUseObserver;

  constructor(options: TokenAuthorityOptions) {
    this.#options = options;
    this.#key = new TokenKey(options.signingKey);
    this.#verificationKeys = options.verificationKeys?.map((key) => new TokenVerificationKey(key)) ?? [this.#key];
    this.#observer = options.observer ?? { used: () => undefined };
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  /** The public keys as `/openid/v1/jwks` publishes them. */
  jsonWebKeys(): Record<string, unknown>[] {
    return this.#verificationKeys.map((key) => key.jsonWebKey());
  }

  /** @returns the token, its `jti`, and when it ends, in milliseconds since the epoch. */
  issue(specification: TokenSpecification): {
    readonly token: string;
    readonly id: string;
    readonly expiresAt: number;
  } {
    const seconds = Math.floor(this.#options.clock.now() / 1000);
    const { namespace, name, uid, bound, node, warnAfterSeconds } = specification;
    const expires = seconds + specification.expirationSeconds;
    const id = this.#options.random.uuid();
    const claims = {
      aud: specification.audiences,
      exp: expires,
      iat: seconds,
      iss: this.#options.issuer,
      jti: id,
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
    return { token: this.#key.sign(claims), id, expiresAt: expires * 1000 };
  }

  /**
   * Who a token speaks for.
   * @returns undefined when it is not one of ours (no JWT, or of another issuer).
   * @throws Error for one that does not hold (any more).
   */
  async check(token: string, audiences: readonly string[], objects: TokenObjects): Promise<CheckedToken | undefined> {
    const claims = claimsOf(token);
    const { issuer, otherIssuers = [], apiAudiences } = this.#options;
    const isLegacy = claims?.iss === legacyIssuer && objects.legacy !== undefined;
    const isOwn = claims?.iss !== undefined && (claims.iss === issuer || otherIssuers.includes(claims.iss));
    if ((!isOwn && !isLegacy) || !isReadable(token)) return undefined;
    this.#verify(token);
    const named = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
    const own = named.length === 0 ? apiAudiences : named;
    const common = audiences.filter((audience) => own.includes(audience));
    if (common.length === 0) {
      throw new Error(
        `token audiences ${goQuoteList(own)} is invalid for the target audiences ${goQuoteList(audiences)}`,
      );
    }
    if (named.length === 0) this.#observer.used('legacy');
    const about = isLegacy ? await this.#legacy(token, claims, objects.legacy) : await this.#current(claims, objects);
    if (named.length > 0) return { ...about, audiences: common };
    const annotations = { ...about.notes?.annotations, [`${annotationPrefix}legacy-token`]: claims.sub ?? '' };
    return { ...about, audiences: common, notes: { ...about.notes, annotations } };
  }

  /** @throws Error for a token that none of the keys has signed */
  #verify(token: string): void {
    const [head = ''] = token.split('.', 1);
    const { kid } = (decodeTokenPart(head) ?? {}) as { readonly kid?: unknown };
    const isNamed = typeof kid === 'string' && kid !== '';
    const keys = this.#verificationKeys.filter((key) => !isNamed || key.keyId === kid);
    if (keys.length === 0) throw new Error('invalid signature, no keys found');
    if (!keys.some((key) => key.hasSigned(token))) throw new Error('go-jose/go-jose: error in cryptographic primitive');
  }

  /** A token that a secret holds: for the API server, and without an end. */
  async #legacy(token: string, claims: Claims, objects: LegacyTokenObjects): Promise<TokenOwner> {
    const { clock, looksUpSecrets = true } = this.#options;
    const given = claims as Partial<LegacyClaims>;
    const looked = looksUpSecrets ? objects : undefined;
    return checkLegacyToken(given, token, looked, clock.now(), (use) => this.#observer.used(use));
  }

  async #current(claims: Claims, objects: TokenObjects): Promise<TokenOwner> {
    const now = this.#options.clock.now();
    checkTimes(claims, now / 1000);
    const user = await boundUser(claims, objects, now - leewaySeconds * 1000);
    const { warnafter = 0 } = claims['kubernetes.io'] ?? {};
    if (warnafter === 0) return { user };
    if (now / 1000 <= warnafter) {
      this.#observer.used('valid');
      return { user };
    }
    this.#observer.used('stale');
    const late = Math.floor(now / 1000) - warnafter;
    const text = `subject: ${claims.sub ?? ''}, seconds after warning threshold: ${late}`;
    return { user, notes: { annotations: { [`${annotationPrefix}stale-token`]: text } } };
  }
}

/** Whether a token's header can be read, and brings no key of its own that is none. */
function isReadable(token: string): boolean {
  try {
    readSignedToken(token);
    return true;
  } catch {
    return false;
  }
}

/** @returns undefined for what is no signed token in its compact form (RFC 7515), with Base64url that says it in full */
function claimsOf(token: string): Claims | null | undefined {
  const parts = token.split('.');
  const isEncoded = parts.every((part) => /^[\w-]*$/.test(part) && part.length % 4 !== 1);
  return parts.length === 3 && isEncoded ? (decodeTokenPart(parts[1] ?? '') as Claims | null | undefined) : undefined;
}

type TokenOwner = Omit<CheckedToken, 'audiences'>;

const annotationPrefix = 'authentication.k8s.io/';
/** Clocks may differ by so much (go-jose's default). */
const leewaySeconds = 60;

function checkTimes({ exp, nbf, iat }: Claims, now: number): void {
  if ([exp, nbf, iat].some((time) => time !== undefined && typeof time !== 'number')) {
    throw new Error('go-jose/go-jose/jwt: expected number value to unmarshal NumericDate');
  }
  if (nbf !== undefined && now + leewaySeconds < nbf) throw new Error('service account token is not valid yet');
  if (exp !== undefined && now - leewaySeconds > exp) throw new Error('service account token has expired');
  if (iat !== undefined && now + leewaySeconds < iat) {
    throw new Error('service account token is issued in the future');
  }
}

/** @param goneBefore what was to be gone before then, in milliseconds since the epoch, is gone */
async function boundUser(claims: Claims, objects: TokenObjects, goneBefore: number): Promise<UserInfo> {
  const own = claims['kubernetes.io'] ?? {};
  const { namespace = '', serviceaccount = {} } = own;
  const { name = '', uid = '' } = serviceaccount;
  const account = await objects.find('ServiceAccount', namespace, name);
  if (account === undefined) {
    throw new Error(name === '' ? 'resource name may not be empty' : `serviceaccounts "${name}" not found`);
  }
  if (account.uid !== uid) throw new Error(`service account UID (${account.uid}) does not match claim (${uid})`);
  if (account.goesAt !== undefined && account.goesAt < goneBefore) {
    throw new Error(`service account ${namespace}/${name} has been deleted`);
  }
  const extra: Record<string, readonly string[]> = {};
  for (const kind of ['Secret', 'Pod', 'Node'] as const) {
    const lower = kind.toLowerCase() as 'pod' | 'secret' | 'node';
    const reference = own[lower];
    if (reference === undefined) continue;
    if (kind !== 'Node' || own.pod === undefined) await checkBound(kind, namespace, reference, objects, goneBefore);
    if (kind === 'Secret' || (reference.name ?? '') === '') continue;
    if (kind === 'Pod' && (reference.uid ?? '') === '') continue;
    extra[`authentication.kubernetes.io/${lower}-name`] = [reference.name ?? ''];
    if ((reference.uid ?? '') !== '') extra[`authentication.kubernetes.io/${lower}-uid`] = [reference.uid ?? ''];
  }
  const { jti = '' } = claims;
  if (jti !== '') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${jti}`];
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    extra,
  };
}

async function checkBound(
  kind: BoundObject['kind'],
  namespace: string,
  { name = '', uid = '' }: { readonly name?: string; readonly uid?: string },
  objects: TokenObjects,
  goneBefore: number,
): Promise<void> {
  const found = await objects.find(kind, namespace, name);
  if (found !== undefined && found.uid !== uid) {
    const lower = kind.toLowerCase();
    throw new Error(`${lower} UID (${found.uid}) does not match service account ${lower} ref claim (${uid})`);
  }
  if (found === undefined || (found.goesAt !== undefined && found.goesAt < goneBefore)) {
    throw new Error('service account token has been invalidated');
  }
}

/** Tokens of service accounts, as others ask for them. */
export function serviceAccountTokens(authority: ServiceAccountTokenAuthority, objects: TokenObjects): TokenChecker {
  return { check: (token, audiences) => authority.check(token, audiences, objects) };
}

function withoutEmpty(node: { readonly name: string; readonly uid: string }): { name: string; uid?: string } {
  return node.uid === '' ? { name: node.name } : node;
}
