import type { HttpRequest } from '../../../apimachinery/http.ts';
import { hasReason, unauthorized } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import type { CredentialNotes, UserInfo } from '../../authentication/authenticator.ts';
import { hasTokenAfterSpaces, withoutTokenProtocol } from '../../authentication/bearer-token.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import { addWarning, anonymousUser, type Filter } from '../request-context.ts';
import { countedUsername } from './request-metrics.ts';

/** What the server asks of authentication. */
export interface RequestAuthenticator {
  /** @returns undefined when the request carries no credentials. @throws StatusError 401 for ones that do not hold. */
  authenticate(request: HttpRequest, note?: (notes: CredentialNotes) => void): Promise<UserInfo | undefined>;
}

const spacesWarning = 'the provided Authorization header contains extra space before the bearer token, and is ignored';

/**
 * Finds out who asks. Without credentials it is system:anonymous, or 401 where that is not allowed.
 * @param allowAnonymous whether a path may be asked for without credentials
 */
export function withAuthentication(
  authenticator: RequestAuthenticator,
  allowAnonymous: (path: string) => boolean,
  metrics: Pick<ServerMetrics, 'authentications' | 'authenticationSeconds' | 'filters' | 'userRequests'>,
  clock: Clock,
): Filter {
  return (next) => async (request) => {
    let user: UserInfo | undefined;
    let notes: CredentialNotes = {};
    const begun = clock.now();
    const count = (result: string): void => {
      metrics.authentications.add([result]);
      const seconds = (clock.now() - begun) / 1000;
      metrics.authenticationSeconds.observe([result], seconds);
      metrics.filters.authentication(seconds);
    };
    try {
      if (hasTokenAfterSpaces(request.headers)) addWarning(request, spacesWarning);
      user = await authenticator.authenticate(request.http, (given) => (notes = given));
      if (user === undefined && !allowAnonymous(request.info.path)) throw unauthorized();
    } catch (error) {
      count(hasReason(error, 'Unauthorized') ? 'failure' : 'error');
      throw error;
    }
    count('success');
    metrics.userRequests.add([countedUsername((user ?? anonymousUser).username)]);
    const headers = user === undefined ? request.headers : withoutTokenProtocol(request.headers);
    const http = headers === request.headers ? request.http : { ...request.http, headers };
    for (const warning of notes.warnings ?? []) addWarning(request, warning);
    const { annotations } = notes;
    const about = annotations === undefined ? {} : { authenticationNotes: annotations };
    return next({ ...request, ...about, http, headers, user: user ?? anonymousUser });
  };
}
