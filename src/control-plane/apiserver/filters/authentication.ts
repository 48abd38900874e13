import type { HttpRequest } from '../../../apimachinery/http.ts';
import { unauthorized } from '../../../apimachinery/status.ts';
import { anonymousUser, type Filter, type RequestUser } from '../request-context.ts';

/** What the server asks of authentication. */
export interface RequestAuthenticator {
  /** @returns undefined when the request carries no credentials. @throws StatusError 401 for ones that do not hold. */
  authenticate(request: HttpRequest): Promise<RequestUser | undefined>;
}

/** Finds out who asks. Without credentials it is system:anonymous, or 401 where anonymous requests are off. */
export function withAuthentication(authenticator: RequestAuthenticator, allowAnonymous: boolean): Filter {
  return (next) => async (request) => {
    const user = await authenticator.authenticate(request.http);
    if (user === undefined && !allowAnonymous) throw unauthorized();
    return next({ ...request, user: user ?? anonymousUser });
  };
}
