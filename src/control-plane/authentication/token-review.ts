import type { TokenReviewSpec, TokenReviewStatus } from '../../api/types/authentication-v1.ts';
import { aggregateMessages } from '../../apimachinery/field-error.ts';
import type { HttpRequest } from '../../apimachinery/http.ts';
import { isJsonObject } from '../../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../../apimachinery/object-meta.ts';
import { badRequest } from '../../apimachinery/status.ts';
import { type Authenticator, type UserInfo, withAuthenticatedGroup } from './authenticator.ts';
import type { ServiceAccountTokenAuthority, TokenObjects } from './service-account-token.ts';
import type { TokenChecker } from './webhook-token.ts';

/** The ways to check a token. */
export interface TokenReviewOptions {
  /** Those whose tokens are good for every audience of the server (token file, bootstrap tokens). */
  readonly authenticators: readonly Authenticator[];
  /** Those that look at the audiences themselves. */
  readonly checkers?: readonly TokenChecker[];
  readonly authority: ServiceAccountTokenAuthority;
  readonly objects: TokenObjects;
  readonly apiAudiences: readonly string[];
}

/** Answers a TokenReview. @throws StatusError 400 without a token. */
export async function reviewToken(object: Unstructured, options: TokenReviewOptions): Promise<Unstructured> {
  const spec = (isJsonObject(object['spec']) ? object['spec'] : {}) as Partial<TokenReviewSpec>;
  const { token = '' } = spec;
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const audiences = (spec.audiences ?? []).length === 0 ? options.apiAudiences : (spec.audiences ?? []);
  return { ...object, status: await checkToken(token, audiences, options) };
}

async function checkToken(
  token: string,
  audiences: readonly string[],
  options: TokenReviewOptions,
): Promise<TokenReviewStatus> {
  const errors: string[] = [];
  const request: HttpRequest = { method: 'GET', path: '/', headers: { authorization: `Bearer ${token}` } };
  const attempts = [
    ...options.authenticators.map((authenticator) => async () => {
      const user = await authenticator.authenticate(request);
      const common = audiences.filter((audience) => options.apiAudiences.includes(audience));
      return user === undefined || common.length === 0 ? undefined : { user, audiences: common };
    }),
    () => options.authority.check(token, audiences, options.objects),
    ...(options.checkers ?? []).map((checker) => () => checker.check(token, audiences)),
  ];
  for (const attempt of attempts) {
    try {
      const found = await attempt();
      if (found === undefined) continue;
      return { authenticated: true, user: shownUser(found.user), audiences: [...found.audiences] };
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
    }
  }
  // That a token is none of an authenticator's own says nothing when another one has more to say.
  const telling = errors.filter((error) => error !== unknownToken);
  return { user: {}, error: aggregateMessages([...(telling.length === 0 ? [unknownToken] : telling)]) };
}

const unknownToken = 'invalid bearer token';

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
