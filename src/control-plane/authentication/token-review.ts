import type { TokenReviewSpec, TokenReviewStatus } from '../../api/types/authentication-v1.ts';
import { aggregateMessages } from '../../apimachinery/field-error.ts';
import { isJsonObject } from '../../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../../apimachinery/object-meta.ts';
import { badRequest } from '../../apimachinery/status.ts';
import { type UserInfo, withAuthenticatedGroup } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { reasonsOf, type TokenChecker, unknownToken } from './token-checker.ts';

/** How a token is checked. */
export interface TokenReviewOptions {
  readonly tokens: TokenChecker;
  readonly apiAudiences: readonly string[];
  /** Whether a request to a path may come without credentials. */
  readonly allowAnonymous: (path: string) => boolean;
}

/** Answers a TokenReview. @throws StatusError 400 without a token. */
export async function reviewToken(object: Unstructured, options: TokenReviewOptions): Promise<Unstructured> {
  const spec = (isJsonObject(object['spec']) ? object['spec'] : {}) as Partial<TokenReviewSpec>;
  const { token = '' } = spec;
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const audiences = (spec.audiences ?? []).length === 0 ? options.apiAudiences : (spec.audiences ?? []);
  const given = isJsonObject(object['status']) ? object['status'] : {};
  const { authenticated: _, ...rest } = given;
  return { ...object, status: { user: {}, ...rest, ...(await checkToken(token, audiences, options)) } };
}

/** The real server makes a request of the token, which its authenticators see as any other. */
async function checkToken(
  text: string,
  audiences: readonly string[],
  { tokens, allowAnonymous }: TokenReviewOptions,
): Promise<Partial<TokenReviewStatus>> {
  const token = bearerToken({ method: 'GET', path: '', headers: { authorization: `Bearer ${text}` } });
  if (token === undefined) {
    const user = userInfoFields(anonymousUser);
    return allowAnonymous('') ? { authenticated: true, user, audiences: [...audiences] } : {};
  }
  try {
    const checked = await tokens.check(token, audiences);
    if (checked === undefined) return { error: unknownToken };
    return { authenticated: true, user: shownUser(checked.user), audiences: [...checked.audiences] };
  } catch (error) {
    // The server's own token is tried before all others, and is none of theirs.
    return { error: aggregateMessages([unknownToken, ...reasonsOf(error)]) };
  }
}

const anonymousUser: UserInfo = {
  username: 'system:anonymous',
  uid: '',
  groups: ['system:unauthenticated'],
  extra: {},
};

function shownUser(known: UserInfo): NonNullable<TokenReviewStatus['user']> {
  return userInfoFields(withAuthenticatedGroup(known));
}

/** A user as API objects show it: what is empty is left out. */
export function userInfoFields(user: UserInfo): NonNullable<TokenReviewStatus['user']> {
  const extra: Record<string, string[]> = {};
  for (const [key, values] of Object.entries(user.extra)) extra[key] = [...values];
  return {
    ...(user.username === '' ? {} : { username: user.username }),
    ...(user.uid === '' ? {} : { uid: user.uid }),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Answers a SelfSubjectReview: who asks, as the server sees it. @param now milliseconds since the epoch */
export function reviewSelf(object: Unstructured, user: UserInfo, now: number): Unstructured {
  const { apiVersion, kind } = object;
  return {
    apiVersion,
    kind,
    metadata: { creationTimestamp: formatTime(now) },
    status: { userInfo: userInfoFields(user) },
  };
}
