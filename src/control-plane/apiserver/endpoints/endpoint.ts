import { authorizationAttributes, refusal, type RequestAuthorizer } from '../filters/authorization.ts';
import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest, internalError } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import type { Random } from '../../../system/random.ts';
import type { SubresourceDefinition } from '../../../api/resource-definition.ts';
import { type MediaTypeCodec, negotiateOutput, type OutputFormat } from '../negotiation.ts';
import type { RemoteOpenApi } from '../openapi/openapi-route.ts';
import { singleObjectResponse } from '../registry/output.ts';
import type { ExpectedKind } from '../decoding/object-body.ts';
import type { ApiResource, ResourceRegistry } from '../registry/api-resource.ts';
import type { FieldManagement } from '../registry/field-management.ts';
import { initializedOnly } from '../registry/initialization.ts';
import type { Selection } from '../registry/selection.ts';
import type { Store, WriteContext } from '../registry/store.ts';
import { addWarning, type ApiRequest } from '../request-context.ts';
import { isTrue } from '../request-info.ts';
import type { SubresourceView } from './subresource-view.ts';
import type { AdmissionChain } from './admission.ts';
import type { AdmissionOperation, AdmissionAttributes } from '../../admission/admission-plugin.ts';

/** What endpoints share: the parts of the server they work with. */
export interface ServerParts {
  readonly codecs: readonly MediaTypeCodec[];
  readonly registry: ResourceRegistry;
  readonly admission: AdmissionChain;
  readonly authorizer: RequestAuthorizer;
  readonly fieldManagement: FieldManagement;
  /** Whether objects stay out of sight until their initializers have seen them. */
  readonly hasInitializers: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** How long watches last at least that do not say; as long as their clients want when 0. */
  readonly minWatchSeconds: number;
  storeOf(resource: ApiResource): Store;
  /** What other servers publish of the types that they serve here. */
  remoteOpenApi(): readonly RemoteOpenApi[];
}

/** One request that has found its resource. */
export interface Endpoint {
  readonly server: ServerParts;
  readonly request: ApiRequest;
  readonly resource: ApiResource;
  readonly store: Store;
  /** Empty for cluster-scoped resources and for requests over all namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  /** The subresource asked for; undefined for the object itself. */
  readonly subresource: SubresourceDefinition | undefined;
  /** Set when the subresource shows its object as another kind. */
  readonly view: SubresourceView | undefined;
}

/** Whether the request is about objects that are there for everybody only. */
export function hidesUninitialized({ server, request }: Endpoint): boolean {
  return server.hasInitializers && !isTrue(request.query.get('includeUninitialized'));
}

/** What of a selection the request may see. */
export function visibleSelection(endpoint: Endpoint, selection: Selection): Selection {
  return hidesUninitialized(endpoint) ? initializedOnly(selection) : selection;
}

/** Picks the form of the answer among those that objects of this endpoint have. @throws StatusError 406 */
export function negotiateAnswer({ request, server, resource, subresource }: Endpoint): OutputFormat {
  const transforms = subresource?.hasTable === false ? 'metadata' : 'all';
  return negotiateOutput(request, server.codecs, { transforms, isCustom: resource.custom });
}

/** What a write hands to the store. */
export function writeContext(endpoint: Endpoint, dryRun: boolean): WriteContext {
  const { request, server } = endpoint;
  const { username, uid, groups, extra } = request.user;
  return {
    now: server.clock.now(),
    subresource: endpoint.subresource?.name ?? '',
    user: { username, uid, groups, extra },
    namespace: endpoint.namespace,
    dryRun,
    asked: authorizationAttributes(request.info, request.user),
    warn: (text) => addWarning(request, text),
  };
}

/**
 * Makes sure that who updates an object that is not there may create it.
 * @throws StatusError 403; 500 when that cannot be told
 */
export async function authorizeCreate({ request, server }: Endpoint): Promise<void> {
  const attributes = { ...authorizationAttributes(request.info, request.user), verb: 'create' };
  const { allowed, reason, error } = await server.authorizer.authorize(attributes);
  if (allowed) return;
  if (error !== undefined) throw internalError(error);
  throw refusal(attributes, reason);
}

/** The kind that bodies of this endpoint have: the view's, or the resource's own. */
export function bodyResource(endpoint: Endpoint): ApiResource {
  return endpoint.view?.resource ?? endpoint.resource;
}

/** A resource's kind as bodies are checked against it. */
export function kindOf(resource: ApiResource): ExpectedKind {
  return { gvk: resource.gvk, type: resource.definition.type };
}

/** Answers with an object (or what the view shows of it). */
export function answerObject(
  endpoint: Endpoint,
  format: OutputFormat,
  status: number,
  object: Unstructured,
): HttpResponse {
  const { request, store, view } = endpoint;
  const source = { resource: bodyResource(endpoint), now: () => store.now() };
  return singleObjectResponse(request, source, format, status, view === undefined ? object : view.project(object));
}

/** What admission gets to know of a write. */
export function admissionRequest(
  endpoint: Endpoint,
  operation: AdmissionOperation,
  facts: {
    readonly name?: string;
    readonly object?: Unstructured;
    readonly oldObject?: Unstructured;
    readonly dryRun: boolean;
    readonly options?: Readonly<Record<string, unknown>>;
    readonly kind?: ApiResource['gvk'];
  },
): AdmissionAttributes {
  const { request, resource } = endpoint;
  const { group, version } = resource.gvk;
  const name = facts.name ?? endpoint.name;
  return {
    operation,
    kind: facts.kind ?? bodyResource(endpoint).gvk,
    resource: { group, version, resource: resource.definition.resource },
    subresource: endpoint.subresource?.name ?? '',
    namespace: request.info.namespace === '' && isNamespace(resource.gvk) ? name : request.info.namespace,
    name,
    object: facts.object,
    oldObject: facts.oldObject,
    dryRun: facts.dryRun,
    options: facts.options ?? {},
    user: request.user,
    ...(request.deadline === undefined ? {} : { deadline: request.deadline }),
    warn: (text) => addWarning(request, text),
    annotate: (key, text, least) => request.audit?.annotate(key, text, least),
    spent: (part, millis) => request.audit?.spent(part, millis),
  };
}

/** A namespace is admitted as something of its own, the one that is created too. */
function isNamespace({ group, kind }: ApiResource['gvk']): boolean {
  return group === '' && kind === 'Namespace';
}

/** Refuses an object whose namespace is not the request's, and fills in an empty one. @throws StatusError 400 */
export function matchNamespace(endpoint: Endpoint, object: Unstructured): void {
  const { metadata } = object;
  if (!endpoint.resource.definition.namespaced) {
    delete metadata.namespace;
    return;
  }
  const own = metadata.namespace ?? '';
  // Without a namespace in the path none is taken from the object, either.
  if (own === '' || endpoint.namespace === '') metadata.namespace = endpoint.namespace;
  else if (own !== endpoint.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/**
 * Drops owner references that come twice, with a warning, as the real server does.
 * @param isLate whether admission may have added them: what is sent whole is looked at before it, too; patches only after
 */
export function dropDuplicateOwners(endpoint: Endpoint, object: Unstructured, isLate = false): void {
  const owners = object.metadata.ownerReferences;
  if (owners === undefined) return;
  const seen = new Set<string>();
  const kept = owners.filter((owner) => {
    const key = JSON.stringify([
      owner.apiVersion,
      owner.kind,
      owner.name,
      owner.uid,
      owner.controller,
      owner.blockOwnerDeletion,
    ]);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
  if (kept.length === owners.length) return;
  const uids = new Set(
    owners
      .filter((owner, index) => owners.findIndex((other) => other.uid === owner.uid) !== index)
      .map((owner) => owner.uid),
  );
  addWarning(
    endpoint.request,
    `.metadata.ownerReferences contains duplicate entries${isLate ? ' after mutating admission happens' : ''}; ` +
      'API server dedups owner references in 1.20+, and may ' +
      `reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...uids].join(', ')}`,
  );
  object.metadata.ownerReferences = kept;
}
