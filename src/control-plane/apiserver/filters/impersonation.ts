import { impersonate, ImpersonationMemory, type WantedUser, wantedUser } from '../../authorization/impersonation.ts';
import type { UserInfo } from '../../authentication/authenticator.ts';
import { asUser, authorizationAttributes, refusal, type RequestAuthorizer } from './authorization.ts';
import type { ApiRequest, Filter } from '../request-context.ts';
import type { Clock } from '../../../system/clock.ts';

/** Told what comes of requests to go on as somebody else. */
export interface ImpersonationObserver {
  /** @param mode the way that allowed it; empty where none did */
  attempted(mode: string, isAllowed: boolean, seconds: number): void;
  /** An authorizer was asked. @param verb what it was asked about */
  asked(verb: string, isAllowed: boolean, seconds: number): void;
}

/** Lets a request go on as the user its Impersonate-* headers name, where the one who asks may do that. */
export function withImpersonation(
  authorizer: RequestAuthorizer,
  clock: Clock,
  observer?: ImpersonationObserver,
): Filter {
  const memory = new ImpersonationMemory();
  const secondsSince = (begun: number): number => (clock.now() - begun) / 1000;
  const authorize: RequestAuthorizer['authorize'] = async (attributes) => {
    const begun = clock.now();
    const answer = await authorizer.authorize(attributes);
    observer?.asked(attributes.verb, answer.allowed, secondsSince(begun));
    return answer;
  };
  const become = async (request: ApiRequest, wanted: WantedUser): Promise<UserInfo> => {
    let constraint: string | undefined;
    let isAllowed = false;
    const begun = clock.now();
    try {
      const question = authorizationAttributes(request.info, request.user);
      const onAllowed = (verb: string | undefined): void => {
        constraint = verb;
        isAllowed = true;
      };
      const user = await impersonate(wanted, question, { authorize, refuse: refusal, memory, onAllowed });
      request.audit?.impersonate(user, constraint);
      return user;
    } finally {
      const seconds = secondsSince(begun);
      observer?.attempted(isAllowed ? (constraint?.split(':')[1] ?? 'legacy') : '', isAllowed, seconds);
      request.audit?.spent('impersonation', seconds * 1000);
    }
  };
  return (next) => async (request) => {
    const wanted = wantedUser(request.headers);
    return next(wanted === undefined ? request : asUser(request, await become(request, wanted)));
  };
}
