import { messageOf } from '../../apimachinery/error-message.ts';
import { aggregateMessages } from '../../apimachinery/field-error.ts';
import type { Authenticator, CredentialNotes, UserInfo } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';

/** Somebody a token speaks for, and to whom. */
export interface CheckedToken {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
  readonly notes?: CredentialNotes;
}

/** Knows tokens that are meant for certain audiences. */
export interface TokenChecker {
  /** @returns undefined for a token that is not known. @throws Error when it does not hold, or that cannot be told */
  check(token: string, audiences: readonly string[]): Promise<CheckedToken | undefined>;
}

/** Knows tokens that say nothing of audiences. */
export interface TokenUsers {
  /** @returns undefined for a token that is not known. @throws Error when it does not hold, or that cannot be told */
  userOf(token: string): Promise<UserInfo | undefined>;
}

/** What is said of a token that nobody knows. */
export const unknownToken = 'invalid bearer token';

/** Tokens that are good for every audience of the API server, and for no other. */
export function forApiAudiences(tokens: TokenUsers, apiAudiences: readonly string[]): TokenChecker {
  return {
    async check(token, audiences) {
      const common = audiences.filter((audience) => apiAudiences.includes(audience));
      const user = common.length === 0 ? undefined : await tokens.userOf(token);
      return user === undefined ? undefined : { user, audiences: common };
    },
  };
}

/** What several checkers say against a token, one by one. */
export class TokenErrors extends Error {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(aggregateMessages(reasons));
    this.name = 'TokenErrors';
    this.reasons = reasons;
  }
}

/** Asks in order until one knows the token. @throws TokenErrors when none does and some have something against it */
export function unionTokens(checkers: readonly TokenChecker[]): TokenChecker {
  return {
    async check(token, audiences) {
      const reasons: string[] = [];
      for (const checker of checkers) {
        try {
          const checked = await checker.check(token, audiences);
          if (checked !== undefined) return checked;
        } catch (error) {
          reasons.push(...reasonsOf(error));
        }
      }
      if (reasons.length > 0) throw new TokenErrors(reasons);
      return undefined;
    },
  };
}

/** What is wrong, each by itself. */
export function reasonsOf(error: unknown): readonly string[] {
  if (error instanceof TokenErrors) return error.reasons;
  return [messageOf(error)];
}

/** `Authorization: Bearer …`, and tokens among the subprotocols of a WebSocket. */
export function bearerTokenAuthenticator(tokens: TokenChecker, apiAudiences: readonly string[]): Authenticator {
  return {
    name: 'bearer token',
    async authenticate(request, note) {
      const token = bearerToken(request);
      if (token === undefined) return undefined;
      const checked = await tokens.check(token, apiAudiences);
      if (checked === undefined) throw new Error(unknownToken);
      if (checked.notes !== undefined) note?.(checked.notes);
      return checked.user;
    },
  };
}
