import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { KubeObject, Unstructured } from '../../../apimachinery/object-meta.ts';
import {
  answerTokenRequest,
  setTokenRequestDefaults,
  showUnsetTokenFields,
  type TokenRequestOptions,
  wholeTokenRequest,
} from '../../authentication/token-request.ts';
import { reviewSelf, reviewToken, type TokenReviewOptions } from '../../authentication/token-review.ts';
import {
  reviewLocalSubjectAccess,
  reviewSelfAccess,
  reviewSelfRules,
  reviewSubjectAccess,
  type ReviewAuthorizer,
  type UserRules,
} from '../../authorization/access-review.ts';
import { dropSystemFields, readObject } from '../endpoints/create.ts';
import { admissionRequest, type Endpoint } from '../endpoints/endpoint.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import { parseWriteOptions, writeOptionsObject } from '../endpoints/request-options.ts';
import { managedBody, readSubresourceBody } from '../endpoints/subresource-body.ts';
import { negotiateInput, negotiateOutput } from '../negotiation.ts';
import { addWarning, managerOf } from '../request-context.ts';
import { objectResponse } from '../responses.ts';
import { singleObjectResponse } from './output.ts';
import type { EndpointHandler, SpecialEndpoints } from '../route-resource.ts';

export interface ReviewEndpointsOptions {
  readonly authorizer: ReviewAuthorizer;
  readonly rules: UserRules;
  readonly tokens: TokenReviewOptions;
  /** How tokens of service accounts are made; objects are read from the server's own storage. */
  readonly issuing: Omit<TokenRequestOptions, 'get'>;
}

/** The create-only resources that answer a question instead of keeping an object, and the token subresource. */
export function reviewEndpoints(options: ReviewEndpointsOptions): SpecialEndpoints {
  const { authorizer } = options;
  return new Map([
    ['authentication.k8s.io/tokenreviews/', { create: review((object) => reviewToken(object, options.tokens)) }],
    [
      'authentication.k8s.io/selfsubjectreviews/',
      { create: review((object, { request, server }) => reviewSelf(object, request.user, server.clock.now())) },
    ],
    [
      'authorization.k8s.io/subjectaccessreviews/',
      { create: review((object) => reviewSubjectAccess(object, authorizer)) },
    ],
    [
      'authorization.k8s.io/localsubjectaccessreviews/',
      { create: review((object, { namespace }) => reviewLocalSubjectAccess(object, namespace, authorizer)) },
    ],
    [
      'authorization.k8s.io/selfsubjectaccessreviews/',
      { create: review((object, { request }) => reviewSelfAccess(object, request.user, authorizer)) },
    ],
    [
      'authorization.k8s.io/selfsubjectrulesreviews/',
      { create: review((object, { request }) => reviewSelfRules(object, request.user, options.rules)) },
    ],
    ['/serviceaccounts/token', { create: tokenRequest(options.issuing) }],
  ]);
}

/** A create whose answer is made, not stored. */
function review(
  answer: (object: Unstructured, endpoint: Endpoint) => Promise<Unstructured> | Unstructured,
): EndpointHandler {
  return async (endpoint) => {
    const { request, server, store } = endpoint;
    const format = negotiateOutput(request, server.codecs, { transforms: 'metadata' });
    negotiateInput(request, server.codecs);
    const options = parseWriteOptions(request.query, 'CreateOptions');
    const object = await readObject(endpoint, options);
    dropSystemFields(object);
    if (!endpoint.resource.definition.namespaced) delete object.metadata.namespace;
    if (endpoint.resource.definition.namespaced) {
      if (endpoint.namespace === '') throw badRequest('namespace is required on this type: ');
      object.metadata.namespace ??= endpoint.namespace;
    }
    const managed = await server.fieldManagement.afterUpdate(store.resource, undefined, object, {
      manager: managerOf(request),
      subresource: '',
      now: server.clock.now(),
    });
    const facts = {
      name: managed.metadata.name ?? '',
      object: managed,
      dryRun: options.dryRun,
      kind: store.resource.gvk,
      options: writeOptionsObject('CreateOptions', options),
    };
    await server.admission.mutate(admissionRequest(endpoint, 'CREATE', facts));
    await server.admission.validate(admissionRequest(endpoint, 'CREATE', facts));
    return singleObjectResponse(request, store, format, 201, await answer(managed, endpoint));
  };
}

const tokenRequestKind = {
  gvk: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  type: 'io.k8s.api.authentication.v1.TokenRequest',
};

function tokenRequest(issuing: Omit<TokenRequestOptions, 'get'>): EndpointHandler {
  return async (endpoint): Promise<HttpResponse> => {
    const { request, server, name } = endpoint;
    const format = negotiateOutput(request, server.codecs);
    negotiateInput(request, server.codecs);
    const write = parseWriteOptions(request.query, 'CreateOptions');
    const { dryRun, fieldValidation } = write;
    const body = await readSubresourceBody(endpoint, tokenRequestKind, fieldValidation, {
      shown: wholeTokenRequest,
    });
    setTokenRequestDefaults(body);
    const object = await managedBody(endpoint, tokenRequestKind, body);
    const facts = {
      name,
      object,
      dryRun,
      kind: tokenRequestKind.gvk,
      options: writeOptionsObject('CreateOptions', write),
    };
    showUnsetTokenFields(object);
    await server.admission.mutate(admissionRequest(endpoint, 'CREATE', facts));
    const place = {
      namespace: endpoint.namespace,
      name,
      dryRun,
      warn: (text: string) => addWarning(request, text),
      issued: (credential: string) =>
        request.audit?.annotate('authentication.kubernetes.io/issued-credential-id', credential),
      validate: (filledIn: Unstructured) =>
        server.admission.validate(admissionRequest(endpoint, 'CREATE', { ...facts, object: filledIn })),
    };
    const answered = await answerTokenRequest(object, place, { ...issuing, get: reader(endpoint) });
    return objectResponse(request, format, 201, answered);
  };
}

/** Reads an object of the core group from the server's own storage. */
function reader({ server }: Endpoint): TokenRequestOptions['get'] {
  return async <T extends KubeObject>(resource: string, namespace: string, name: string): Promise<T> => {
    const found = server.registry.find('', 'v1', resource);
    if (found === undefined) throw new Error(`${resource} are not served`);
    const store = server.storeOf(found);
    return store.decode(await store.getStored(namespace, name)) as KubeObject as T;
  };
}
