import type { AuthorizationAttributes } from '../../authorization/authorizer.ts';
import type { UserInfo } from '../../authentication/authenticator.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { forbidden, StatusError } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { RequestInfo } from '../request-info.ts';
import type { ApiRequest, Filter } from '../request-context.ts';
import { textResponse } from '../responses.ts';

/** What the server asks of authorization. */
export interface RequestAuthorizer {
  authorize(attributes: AuthorizationAttributes): Promise<{
    readonly allowed: boolean;
    readonly reason: string;
    /** What went wrong while it was found out. */
    readonly error?: string;
  }>;
}

/** Lets everyone do everything. */
export const allowEverything: RequestAuthorizer = {
  authorize: () => Promise.resolve({ allowed: true, reason: '' }),
};

/** Refuses with 403 what the authorizer does not allow, and with 500 where it could not tell. */
export function withAuthorization(
  authorizer: RequestAuthorizer,
  metrics: Pick<ServerMetrics, 'authorizations' | 'authorizationSeconds' | 'filters'>,
  clock: Clock,
): Filter {
  return (next) => async (request) => {
    const attributes = authorizationAttributes(request.info, request.user);
    const begun = clock.now();
    const { allowed, reason, error } = await authorizer.authorize(attributes);
    const result = [allowed ? 'allowed' : error === undefined ? 'no-opinion' : 'error'];
    metrics.authorizations.add(result);
    const seconds = (clock.now() - begun) / 1000;
    metrics.authorizationSeconds.observe(result, seconds);
    metrics.filters.authorization(seconds);
    request.audit?.spent('authorization', seconds * 1000);
    if (!allowed && error !== undefined) {
      request.audit?.annotate('authorization.k8s.io/reason', 'internal error');
      const text = `Internal Server Error: ${goQuote(request.http.path)}: ${error}`;
      return textResponse(500, `${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}\n`);
    }
    request.audit?.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
    request.audit?.annotate('authorization.k8s.io/reason', reason);
    if (!allowed) {
      request.responseHeaders['x-content-type-options'] = 'nosniff';
      throw refusal(attributes, reason);
    }
    return next(request);
  };
}

/** The question that a request asks of an authorizer. */
export function authorizationAttributes(info: RequestInfo, user: UserInfo): AuthorizationAttributes {
  const { isResourceRequest, verb, apiGroup, apiVersion, resource, subresource, namespace, name, path } = info;
  const { fieldSelector, labelSelector } = info;
  return {
    user,
    verb,
    isResourceRequest,
    apiGroup,
    apiVersion,
    resource,
    subresource,
    namespace,
    name,
    path,
    fieldSelector,
    labelSelector,
  };
}

/** 403 in the words of the real server. */
export function refusal(attributes: AuthorizationAttributes, reason: string): StatusError {
  const { user, verb, apiGroup, resource, subresource, namespace, name } = attributes;
  const who = `User ${goQuote(user.username)} cannot ${verb}`;
  const tail = reason === '' ? '' : `: ${reason}`;
  if (!attributes.isResourceRequest) {
    return new StatusError({
      message: `forbidden: ${withoutMarkup(`${who} path ${goQuote(attributes.path)}${tail}`)}`,
      reason: 'Forbidden',
      details: {},
      code: 403,
    });
  }
  const what = goQuote(subresource === '' ? resource : `${resource}/${subresource}`);
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${goQuote(namespace)}`;
  return forbidden(
    { group: apiGroup, resource },
    name,
    withoutMarkup(`${who} resource ${what} in API group ${goQuote(apiGroup)} ${where}${tail}`),
  );
}

/** Nothing in it is taken for HTML. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The request as it goes on for another user. */
export function asUser(request: ApiRequest, user: UserInfo): ApiRequest {
  return { ...request, user };
}
