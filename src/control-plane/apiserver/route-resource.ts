import type { ResourceDefinition } from '../../api/resource-definition.ts';
import { header, type HttpResponse } from '../../apimachinery/http.ts';
import { badRequest, methodNotSupported, notFound, StatusError } from '../../apimachinery/status.ts';
import { handleCreate } from './endpoints/create.ts';
import { handleDeleteCollection } from './endpoints/delete-collection.ts';
import { handleDelete } from './endpoints/delete.ts';
import type { Endpoint, ServerParts } from './endpoints/endpoint.ts';
import type { FindView } from './endpoints/subresource-view.ts';
import { handleGet } from './endpoints/get.ts';
import { handleList } from './endpoints/list.ts';
import { handlePatch } from './endpoints/patch.ts';
import { handleUpdate } from './endpoints/update.ts';
import { handleWatch } from './endpoints/watch.ts';
import { isPatchType, unsupportedPatchType } from './endpoints/patch-body.ts';
import { mediaTypeOf, requireAcceptable } from './negotiation.ts';
import type { ApiResource } from './registry/api-resource.ts';
import { checkNamespaceKey } from './registry/store.ts';
import { addWarning, type ApiRequest } from './request-context.ts';
import { pageNotFound } from './responses.ts';
import { isTrue, type RequestInfo } from './request-info.ts';

/** Answers one verb of one resource. */
export type EndpointHandler = (endpoint: Endpoint) => Promise<HttpResponse>;

/**
 * Endpoints that are not the generic ones, by `group/resource/subresource` (an empty subresource is the resource
 * itself): each says which verbs it answers; the others stay generic.
 */
export type SpecialEndpoints = ReadonlyMap<string, Readonly<Record<string, EndpointHandler>>>;

const genericHandlers: Readonly<Record<string, EndpointHandler>> = {
  get: handleGet,
  list: handleList,
  watch: handleWatch,
  create: handleCreate,
  update: handleUpdate,
  patch: handlePatch,
  delete: handleDelete,
  deletecollection: handleDeleteCollection,
};

/** Subresources that speak the object's own kind and write a part of it. */
const genericSubresources: ReadonlySet<string> = new Set([
  'approval',
  'ephemeralcontainers',
  'finalize',
  'resize',
  'status',
]);

/** Subresources whose answers come from elsewhere, in whatever form that gives them. */
const connects: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/** Finds the resource that a request is about and answers it. */
export async function routeResource(
  request: ApiRequest,
  server: ServerParts,
  special: SpecialEndpoints,
  findView: FindView,
): Promise<HttpResponse> {
  const { info } = request;
  const { apiGroup, apiVersion, parts } = info;
  if (apiGroup === '' && info.apiPrefix === 'apis') return pageNotFound();
  if (!server.registry.hasGroup(apiGroup)) return pageNotFound();
  const resource = server.registry.find(apiGroup, apiVersion, info.resource);
  if (resource === undefined && server.registry.isCustomGroup(apiGroup)) return pageNotFound();
  if (resource?.custom === true) return routeCustomResource(request, server, resource, findView);
  if (info.oldForm !== undefined) checkOldForm(request, resource);
  if (resource === undefined || parts.slice(0, 3).includes('')) throw resourceNotFound();
  const { definition } = resource;
  const isObject = parts.length > 1;
  const namespace = definition.namespaced ? info.namespace : '';
  const isWithin = info.namespace !== '' || isWithinNothing(info);
  if (!hasRoute(definition, isObject, definition.namespaced && !isWithin)) throw resourceNotFound();
  if (definition.namespaced && isObject && !isWithin) throw resourceNotFound();
  if (!definition.namespaced && isWithin && !isOfNamespaces(info)) throw resourceNotFound();
  const subresource = definition.subresources.find((candidate) => candidate.name === info.subresource);
  if (info.subresource !== '' && subresource === undefined) throw resourceNotFound();
  if (parts.length > 3 && info.subresource !== 'proxy') throw resourceNotFound();
  const verb = effectiveVerb(request, isObject);
  const handlers = special.get(`${apiGroup}/${info.resource}/${info.subresource}`) ?? {};
  const allowed: readonly string[] = subresource === undefined ? definition.verbs : subresource.verbs;
  const needsNamespace = verb === 'create' || verb === 'deletecollection';
  if (!allowed.includes(verb) || (definition.namespaced && needsNamespace && !isWithin)) throw methodNotAllowed();
  if (!isObject && verb !== 'create') checkNamespaceKey(info.resource, namespace);
  const handler = handlers[verb] ?? genericHandlers[verb];
  if (handler === undefined) throw methodNotAllowed();
  const view = subresource === undefined ? undefined : findView(resource, subresource.name);
  const isGeneric = subresource === undefined || view !== undefined || genericSubresources.has(subresource.name);
  if (handlers[verb] === undefined && (!isGeneric || (subresource !== undefined && verb === 'create'))) {
    throw new StatusError({
      message: `${info.resource}/${info.subresource} is not served by this server yet`,
      reason: 'NotImplemented',
      code: 501,
    });
  }
  if (!connects.has(info.subresource)) {
    // What is not read is told before what is not written.
    const isRead = verb !== 'patch' || isPatchType(mediaTypeOf(header(request.headers, 'content-type') ?? ''));
    if (!isRead) throw unsupportedPatchType();
    const canWatch = verb === 'watch' || (!isObject && request.method === 'GET');
    requireAcceptable(request, server.codecs, canWatch);
  }
  warnOfDeprecation(request, resource);
  // A watch on one object's path is a watch of the collection with that name.
  const name = isObject ? (parts[1] ?? '') : '';
  return handler({ server, request, resource, store: server.storeOf(resource), namespace, name, subresource, view });
}

/** Whether a path is one within a namespace without a name, which routes know as any other. */
function isWithinNothing({ path, resource }: RequestInfo): boolean {
  return resource !== '' && path.includes('/namespaces//');
}

/** Whether a path is that of namespaces, of one or of a part of it; within a namespace there are none. */
function isOfNamespaces({ resource, path }: RequestInfo): boolean {
  return resource === 'namespaces' && !/\/namespaces\/[^/]*\/namespaces(\/|$)/.test(path);
}

/** Whether anything is served at a path: that of an object, of a collection, or of one across all namespaces. */
function hasRoute({ verbs, subresources }: ResourceDefinition, isObject: boolean, isAcross: boolean): boolean {
  if (isObject) return subresources.length > 0 || verbs.some((verb) => ofObjects.has(verb));
  return !isAcross || verbs.some((verb) => verb === 'list' || verb === 'watch');
}

const ofObjects: ReadonlySet<string> = new Set(['get', 'update', 'patch', 'delete']);

/**
 * The same for custom resources, which have no web framework before them: what a request does is what its URL says, and
 * nothing else. What was asked of the authorizers and what is done must be the same.
 */
function routeCustomResource(
  request: ApiRequest,
  server: ServerParts,
  resource: ApiResource,
  findView: FindView,
): Promise<HttpResponse> | HttpResponse {
  const { info } = request;
  const { verb, namespace, parts } = info;
  const { definition, groupResource } = resource;
  const hasNamespace = namespace !== '';
  if (definition.namespaced !== hasNamespace) {
    // Only reading goes across namespaces.
    if (hasNamespace || (verb !== 'list' && verb !== 'watch')) return pageNotFound();
  }
  warnOfDeprecation(request, resource);
  const name = parts[1] ?? '';
  const subresource = definition.subresources.find((candidate) => candidate.name === info.subresource);
  if (info.subresource !== '' && subresource === undefined) throw notFound(groupResource, name);
  const allowed: readonly string[] = subresource === undefined ? definition.verbs : subresource.verbs;
  const handler = genericHandlers[verb];
  if (handler === undefined || !allowed.includes(verb)) throw methodNotSupported(groupResource, verb);
  if (name === '' && verb === 'update') throw badRequest('name must be provided');
  if (name === '' && verb !== 'create') checkNamespaceKey(info.resource, namespace);
  const view = subresource === undefined ? undefined : findView(resource, subresource.name);
  return handler({ server, request, resource, store: server.storeOf(resource), namespace, name, subresource, view });
}

/** Of the old paths there are those to watch by, and they are read only. @throws StatusError 404, 405 */
function checkOldForm({ info, method }: ApiRequest, resource: ApiResource | undefined): void {
  if (info.oldForm === 'proxy' || info.subresource !== '') throw resourceNotFound();
  if (resource?.definition.verbs.includes('watch') !== true) throw resourceNotFound();
  if (method !== 'GET') throw methodNotAllowed();
}

/** The verb as the path's shape and the method have it; an empty text for methods that mean nothing. */
function effectiveVerb(request: ApiRequest, isObject: boolean): string {
  const { info, method, query } = request;
  if (info.verb === 'watch' && method === 'GET') return 'watch';
  switch (method) {
    case 'GET':
      // One object is read, whatever the query says: that is what the requestor was asked to be allowed.
      if (isObject) return 'get';
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    case 'POST':
      return isObject && info.subresource === '' ? '' : 'create';
    case 'PUT':
      return isObject ? 'update' : '';
    case 'PATCH':
      return isObject ? 'patch' : '';
    case 'DELETE':
      return isObject ? 'delete' : 'deletecollection';
    case 'HEAD':
    case 'OPTIONS':
      // What is behind a proxy takes every method.
      return info.subresource === 'proxy' && isObject ? 'get' : '';
    default:
      return '';
  }
}

/** 404 for a path below a known group that leads to nothing. */
export function resourceNotFound(): StatusError {
  return new StatusError({
    message: 'the server could not find the requested resource',
    reason: 'NotFound',
    details: {},
    code: 404,
  });
}

/** 405 for a method that a path does not know. */
export function methodNotAllowed(): StatusError {
  return new StatusError({
    message: 'the server does not allow this method on the requested resource',
    reason: 'MethodNotAllowed',
    details: {},
    code: 405,
  });
}

function warnOfDeprecation(request: ApiRequest, { deprecationWarning }: ApiResource): void {
  if (deprecationWarning === '') return;
  addWarning(request, deprecationWarning);
  request.audit?.annotate('k8s.io/deprecated', 'true');
}
