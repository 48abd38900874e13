import { impersonate, ImpersonationMemory, wantedUser } from '../../authorization/impersonation.ts';
import { asUser, authorizationAttributes, refusal, type RequestAuthorizer } from './authorization.ts';
import type { Filter } from '../request-context.ts';
import type { Clock } from '../../../system/clock.ts';

/** Lets a request go on as the user its Impersonate-* headers name, where the one who asks may do that. */
export function withImpersonation(authorizer: RequestAuthorizer, clock: Clock): Filter {
  const memory = new ImpersonationMemory();
  return (next) => async (request) => {
    const wanted = wantedUser(request.headers);
    if (wanted === undefined) return next(request);
    const question = authorizationAttributes(request.info, request.user);
    let constraint: string | undefined;
    const begun = clock.now();
    const user = await impersonate(wanted, question, {
      authorize: (attributes) => authorizer.authorize(attributes),
      refuse: refusal,
      memory,
      onAllowed: (verb) => (constraint = verb),
    });
    request.audit?.spent('impersonation', clock.now() - begun);
    request.audit?.impersonate(user, constraint);
    return next(asUser(request, user));
  };
}
