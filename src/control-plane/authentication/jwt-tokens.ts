import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { describeJsonKind, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import type { CompiledExpression } from '../../cel/environment.ts';
import type { Clock } from '../../system/clock.ts';
import type { UserInfo } from './authenticator.ts';
import { evaluateClaims, evaluateUser, textsFromCel } from './claim-expressions.ts';
import { DistributedClaims } from './distributed-claims.ts';
import type { IdTokenVerifier } from './id-token-verifier.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { ProviderRequests } from './provider-requests.ts';
import { untrustedIssuer } from './signed-token.ts';

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

/** Is told of the tokens of an issuer that were looked at. */
export type JwtObserver = (result: 'success' | 'failure', seconds: number) => void;

export interface JwtTokensOptions {
  readonly settings: JwtSettings;
  readonly verifier: IdTokenVerifier;
  readonly requests: ProviderRequests;
  /** Makes a verifier for another issuer's tokens with claims. */
  readonly verifierOf: (issuer: string) => IdTokenVerifier;
  readonly clock: Clock;
  readonly observer?: JwtObserver;
}

/** Knows the users of one issuer's tokens (OpenID Connect Core 1.0, KEP-3331). */
export class JwtTokens {
  readonly settings: JwtSettings;
  readonly #options: JwtTokensOptions;
  readonly #distributed: DistributedClaims | undefined;

  constructor(options: JwtTokensOptions) {
    const { settings, requests, verifierOf } = options;
    this.settings = settings;
    this.#options = options;
    const { claim = '' } = settings.groups;
    this.#distributed = claim === '' ? undefined : new DistributedClaims({ claim, requests, verifierOf });
  }

  get provider(): IdentityProvider {
    return this.#options.verifier.provider;
  }

  /** @returns undefined for tokens of other issuers. @throws Error for one that does not hold */
  async userOf(text: string): Promise<UserInfo | undefined> {
    if (!isOfIssuer(text, this.settings.issuer)) return undefined;
    const { clock, observer } = this.#options;
    const begun = clock.now();
    let result: Parameters<JwtObserver>[0] = 'failure';
    try {
      const user = await this.#check(text);
      result = 'success';
      return user;
    } finally {
      observer?.(result, (clock.now() - begun) / 1000);
    }
  }

  async close(): Promise<void> {
    this.provider.close();
    this.#distributed?.close();
    await this.#options.requests.close();
  }

  async #check(text: string): Promise<UserInfo> {
    const { verifier } = this.#options;
    // A server that has only just begun waits for its first answer from the provider.
    await verifier.provider.tried();
    if (verifier.provider.problem !== undefined) throw new Error('oidc: authenticator not initialized');
    const token = await verifier.verify(text).catch((error: unknown) => {
      throw new Error(`oidc: verify token: ${messageOf(error)}`, { cause: error });
    });
    const claims = await this.#distributed?.expand(token).catch((error: unknown) => {
      throw new Error(`oidc: could not expand distributed claims: ${messageOf(error)}`, { cause: error });
    });
    return this.#user(claims ?? token.claims);
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
    // All are evaluated before any is looked at, so that one that cannot be evaluated is told of first.
    during('error evaluating claim validation expression', () => {
      requireAll(claimRules, ({ expression }) => evaluateClaims(expression, claims));
    });
    during('error evaluating user info validation rule', () => {
      requireAll(userRules, ({ expression }) => evaluateUser(expression, user));
    });
    return user;
  }

  #username(claims: JsonObject): string {
    const { claim = '', prefix = '', expression } = this.settings.username;
    if (expression !== undefined) {
      const value = during('error evaluating username claim expression', () => {
        const text = evaluateClaims(expression, claims);
        if (typeof text !== 'string') throw new Error('username claim expression must return a string');
        return text;
      });
      if (value === '') throw new Error('oidc: empty username via CEL expression is not allowed');
      return value;
    }
    const name = textOf(claims[claim], (why) => `oidc: parse username claims ${goQuote(claim)}: ${why}`);
    if (claim === 'email') requireVerifiedEmail(claims['email_verified']);
    return `${prefix}${name}`;
  }

  #groups(claims: JsonObject): string[] {
    const { claim = '', prefix = '', expression } = this.settings.groups;
    if (expression !== undefined) {
      return during('error evaluating group claim expression', () => textsFromCel(evaluateClaims(expression, claims)));
    }
    const value = claims[claim] ?? null;
    if (claim === '' || value === null) return [];
    const failed = (why: string): string => `oidc: parse groups claim ${goQuote(claim)}: ${why}`;
    const isList = Array.isArray(value) && value.every((item) => item === null || typeof item === 'string');
    const list = isList ? value : [textOf(value, failed)];
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
    const evaluated = this.settings.extra.map(({ key, expression }) => ({
      key,
      text: expression.text,
      value: evaluateClaims(expression, claims),
    }));
    for (const { key, text, value } of evaluated) {
      const values = during(`error evaluating extra claim expression: ${text}`, () => textsFromCel(value));
      if (values.length > 0) extra[key] = values;
    }
    return extra;
  }
}

function isOfIssuer(token: string, issuer: string): boolean {
  try {
    return untrustedIssuer(token) === issuer;
  } catch {
    return false;
  }
}

function requireVerifiedEmail(verified: JsonValue | undefined): void {
  if (verified === undefined || verified === true) return;
  if (verified === false || verified === null) throw new Error('oidc: email not verified');
  const why = `json: cannot unmarshal ${describeJsonKind(verified)} into Go value of type bool`;
  throw new Error(`oidc: parse 'email_verified' claim: ${why}`);
}

function textOf(value: JsonValue | undefined, message: (why: string) => string): string {
  if (value === undefined) throw new Error(message('claim not present'));
  if (value === null) return '';
  if (typeof value === 'string') return value;
  throw new Error(message(`json: cannot unmarshal ${describeJsonKind(value)} into Go value of type string`));
}

function during<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`oidc: ${what}: ${messageOf(error)}`, { cause: error });
  }
}

function requireAll(rules: readonly Rule[], evaluate: (rule: Rule) => unknown): void {
  for (const [index, value] of rules.map(evaluate).entries()) {
    const { expression, message } = rules[index] as Rule;
    if (typeof value !== 'boolean') throw new Error('validation expression must return a boolean');
    if (!value) throw new Error(`validation expression '${expression.text}' failed: ${message}`);
  }
}
