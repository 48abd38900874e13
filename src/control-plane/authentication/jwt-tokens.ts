import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote, showFieldValue } from '../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import type { CompiledExpression } from '../../cel/environment.ts';
import type { Clock } from '../../system/clock.ts';
import type { UserInfo } from './authenticator.ts';
import { evaluateClaims, evaluateUser, textsFromCel } from './claim-expressions.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { readSignedToken, type SignedToken } from './json-web-keys.ts';

/** How a text is made of claims. */
export interface ClaimSource {
  readonly claim?: string;
  readonly prefix?: string;
  readonly expression?: CompiledExpression;
}

/** A condition, with what is said when it does not hold. */
export interface Rule {
  readonly expression: CompiledExpression;
  readonly message: string;
}

/** One issuer whose tokens are taken, and what is made of them (JWTAuthenticator of AuthenticationConfiguration). */
export interface JwtSettings {
  readonly issuer: string;
  readonly discoveryUrl?: string;
  /** PEM of who its server's certificate must come from; the system's without. */
  readonly certificateAuthority?: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly requiredClaims: ReadonlyMap<string, string>;
  readonly claimRules: readonly Rule[];
  readonly userRules: readonly Rule[];
  readonly username: ClaimSource;
  readonly groups: ClaimSource;
  readonly uid: ClaimSource;
  readonly extra: readonly { readonly key: string; readonly expression: CompiledExpression }[];
}

const notBeforeLeewaySeconds = 300;

/** Knows the users of one issuer's tokens (OpenID Connect Core 1.0, KEP-3331). */
export class JwtTokens {
  readonly settings: JwtSettings;
  readonly #provider: IdentityProvider;
  readonly #clock: Clock;

  constructor(settings: JwtSettings, provider: IdentityProvider, clock: Clock) {
    this.settings = settings;
    this.#provider = provider;
    this.#clock = clock;
  }

  /** @returns undefined for tokens of other issuers. @throws Error for one that does not hold */
  async userOf(text: string): Promise<UserInfo | undefined> {
    const token = readSignedToken(text);
    if (token === undefined || token.claims['iss'] !== this.settings.issuer) return undefined;
    try {
      await this.#verify(token);
    } catch (error) {
      const why = messageOf(error);
      throw new Error(`oidc: verify token: ${why}`, { cause: error });
    }
    return this.#user(token.claims);
  }

  close(): Promise<void> {
    return this.#provider.close();
  }

  async #verify(token: SignedToken): Promise<void> {
    const { algorithms, audiences } = this.settings;
    const { exp, nbf, aud } = token.claims;
    const seconds = this.#clock.now() / 1000;
    const expires = numeric(exp) ?? 0;
    if (expires <= seconds) {
      throw new Error(`oidc: token is expired (Token Expiry: ${new Date(expires * 1000).toISOString()})`);
    }
    const start = numeric(nbf);
    if (start !== undefined && seconds + notBeforeLeewaySeconds < start) {
      throw new Error('oidc: current time is before the nbf (not before) time');
    }
    if (!algorithms.includes(token.algorithm)) {
      const wanted = `[${algorithms.map(goQuote).join(' ')}]`;
      throw new Error(
        `oidc: id token signed with unsupported algorithm, expected ${wanted} got ${goQuote(token.algorithm)}`,
      );
    }
    if (!(await this.#provider.hasSigned(token))) {
      throw new Error('failed to verify signature: failed to verify id token signature');
    }
    const own = typeof aud === 'string' ? [aud] : Array.isArray(aud) ? aud : [];
    if (!audiences.some((audience) => own.includes(audience))) {
      const shown = (list: readonly JsonValue[]): string => `[${list.map((item) => showFieldValue(item)).join(' ')}]`;
      throw new Error(`oidc: expected audience in ${shown(audiences.toSorted())} got ${shown(own)}`);
    }
  }

  #user(claims: JsonObject): UserInfo {
    const { requiredClaims, claimRules, userRules } = this.settings;
    const user: UserInfo = {
      username: this.#username(claims),
      groups: this.#groups(claims),
      uid: this.#uid(claims),
      extra: this.#extra(claims),
    };
    for (const [claim, value] of requiredClaims) {
      if (claims[claim] === undefined) throw new Error(`oidc: required claim ${claim} not present in ID token`);
      const got = textOf(claims[claim], (why) => `oidc: parse claim ${claim}: ${why}`);
      if (got !== value) {
        throw new Error(`oidc: required claim ${claim} value does not match. Got = ${got}, want = ${value}`);
      }
    }
    during('error evaluating claim validation expression', () => {
      for (const rule of claimRules) requireTrue(rule, evaluateClaims(rule.expression, claims));
    });
    during('error evaluating user info validation rule', () => {
      for (const rule of userRules) requireTrue(rule, evaluateUser(rule.expression, user));
    });
    return user;
  }

  #username(claims: JsonObject): string {
    const { claim = '', prefix = '', expression } = this.settings.username;
    if (expression !== undefined) {
      return during('error evaluating username claim expression', () => {
        const value = evaluateClaims(expression, claims);
        if (typeof value !== 'string') throw new Error('username claim expression must return a string');
        if (value === '') throw new Error('empty username via CEL expression is not allowed');
        return value;
      });
    }
    const name = textOf(claims[claim], (why) => `oidc: parse username claims ${goQuote(claim)}: ${why}`);
    if (claim === 'email' && claims['email_verified'] !== undefined && claims['email_verified'] !== true) {
      const isText = claims['email_verified'] !== false;
      throw new Error(isText ? "oidc: parse 'email_verified' claim: it is no bool" : 'oidc: email not verified');
    }
    return `${prefix}${name}`;
  }

  #groups(claims: JsonObject): string[] {
    const { claim = '', prefix = '', expression } = this.settings.groups;
    if (expression !== undefined) {
      return during('error evaluating group claim expression', () => textsFromCel(evaluateClaims(expression, claims)));
    }
    if (claim === '') return [];
    const value = claims[claim];
    if (value === undefined) {
      const names = claims['_claim_names'];
      if (isJsonObject(names) && Object.hasOwn(names, claim)) {
        throw new Error('oidc: could not expand distributed claims: this server does not ask others for claims');
      }
      return [];
    }
    const list = Array.isArray(value) ? value : [value];
    const failed = (why: string): string => `oidc: parse groups claim ${goQuote(claim)}: ${why}`;
    return list.map((item) => `${prefix}${textOf(item, failed)}`);
  }

  #uid(claims: JsonObject): string {
    const { claim = '', expression } = this.settings.uid;
    if (claim !== '') return textOf(claims[claim], (why) => `oidc: parse uid claim ${goQuote(claim)}: ${why}`);
    if (expression === undefined) return '';
    return during('error evaluating uid claim expression', () => {
      const value = evaluateClaims(expression, claims);
      if (typeof value !== 'string') throw new Error('uid claim expression must return a string');
      return value;
    });
  }

  #extra(claims: JsonObject): Record<string, readonly string[]> {
    const extra: Record<string, readonly string[]> = {};
    const { jti } = claims;
    if (typeof jti === 'string' && jti !== '') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${jti}`];
    for (const { key, expression } of this.settings.extra) {
      const values = during(`error evaluating extra claim expression: ${expression.text}`, () =>
        textsFromCel(evaluateClaims(expression, claims)),
      );
      if (values.length > 0) extra[key] = values;
    }
    return extra;
  }
}

function numeric(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

function textOf(value: JsonValue | undefined, message: (why: string) => string): string {
  if (value === undefined) throw new Error(message('claim not present'));
  if (typeof value === 'string') return value;
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const shown = kind === 'boolean' ? 'bool' : kind === 'bigint' ? 'number' : kind;
  throw new Error(message(`json: cannot unmarshal ${shown} into Go value of type string`));
}

function during<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`oidc: ${what}: ${messageOf(error)}`, { cause: error });
  }
}

function requireTrue({ expression, message }: Rule, value: unknown): void {
  if (typeof value !== 'boolean') throw new Error('validation expression must return a boolean');
  if (!value) throw new Error(`validation expression '${expression.text}' failed: ${message}`);
}
