import type { Documentation } from '../../../api/documentation.ts';
import type { ResourceDefinition, SubresourceDefinition } from '../../../api/resource-definition.ts';
import { formatGroupVersion, groupVersionPath } from '../../../apimachinery/gvk.ts';
import { saysItReturnsDeleted } from '../registry/resource-facts.ts';
import {
  nameParameter,
  namespaceParameter,
  type Parameter,
  type ParameterSet,
  pathParameter,
  queryParameters,
} from './parameters.ts';

/** Methods of OpenAPI that the API uses. */
export type Method = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch';

/** The methods of a path as documents list them. */
const methodOrder: readonly Method[] = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/** The operations of a path in the order of a document. */
export function orderedOperations({ operations }: ApiPath): readonly Operation[] {
  return operations.toSorted((left, right) => methodOrder.indexOf(left.method) - methodOrder.indexOf(right.method));
}

/** How a body or an answer is typed: a type's full name, plain text, or one of the machinery's. */
export type ContentType = { readonly type: string } | 'string';

/** An operation, as both OpenAPI versions need it. */
export interface Operation {
  readonly method: Method;
  readonly id: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly action?: string;
  readonly gvk?: { readonly group: string; readonly version: string; readonly kind: string };
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly type: string; readonly required: boolean; readonly isPatch: boolean };
  readonly responses: Readonly<Record<number, { readonly description: string; readonly content?: ContentType }>>;
  /** Media types of the answer. */
  readonly produces: readonly string[];
  /** Media types of the body, where they are not those of every built-in kind. */
  readonly consumes?: readonly string[];
}

/** A path with its operations. */
export interface ApiPath {
  readonly path: string;
  readonly operations: readonly Operation[];
}

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';
/** Media types of objects, in the order of Swagger 2.0 documents. */
export const objectMediaTypes: readonly string[] = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
];
const watchMediaTypes = [
  ...objectMediaTypes,
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];

const patchMediaTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** Media types that a body may have, in the order of Swagger 2.0 documents. */
export function consumedMediaTypes({ body, consumes }: Operation): readonly string[] {
  return consumes ?? (body?.isPatch === true ? patchMediaTypes : ['*/*']);
}

/**
 * The paths of custom resources: no protobuf, no strategic merge, for which a type has to be known, and options as the
 * server documents them for these.
 * @param listTypes the types of lists, by the names that they would have if their kinds ended in `List`
 */
export function customResourcePaths(
  paths: readonly ApiPath[],
  listTypes: ReadonlyMap<string, string>,
  documentation: Documentation,
): ApiPath[] {
  const listing = queryParameters('list', documentation);
  const kinds = new Map(paths.map(({ path, operations }) => [path, operations.find(({ gvk }) => gvk)?.gvk]));
  return paths.map(({ path, operations }) => {
    const parent = path.endsWith('}/scale') ? kinds.get(path.slice(0, -'/scale'.length)) : undefined;
    return {
      path,
      operations: operations.map((operation) =>
        customOperation(parent === undefined ? operation : ofKind(operation, parent), listTypes, listing),
      ),
    };
  });
}

/** Scales of custom resources are documented as if they were of the resource's own kind. */
function ofKind(operation: Operation, gvk: NonNullable<Operation['gvk']>): Operation {
  const parameters = operation.parameters.map((parameter) =>
    parameter.in === 'path' && parameter.name === 'name' ? nameParameter(gvk.kind) : parameter,
  );
  return { ...operation, gvk, parameters };
}

const customMediaTypes = ['application/json', 'application/yaml'];
const customPatches = patchMediaTypes.filter((mediaType) => !mediaType.includes('strategic'));

function customOperation(
  operation: Operation,
  listTypes: ReadonlyMap<string, string>,
  listing: readonly Parameter[],
): Operation {
  const { action, parameters, responses: answers } = operation;
  const custom = { ...operation, produces: customMediaTypes, consumes: customMediaTypes };
  const readParameters = listing.filter(({ name }) => name === 'resourceVersion');
  switch (action) {
    case 'list':
      return { ...custom, responses: withListType(answers, listTypes) };
    case 'get':
      return { ...custom, parameters: [...parameters, ...readParameters] };
    case 'patch': {
      const { 201: _created, ...others } = answers;
      return { ...custom, consumes: customPatches, responses: others };
    }
    case 'deletecollection': {
      const { body: _options, ...without } = custom;
      const shared = parameters.filter((parameter) => parameter.in === 'path' || parameter.name === 'pretty');
      return { ...without, parameters: [...shared, ...listing] };
    }
    default:
      return custom;
  }
}

function withListType(answers: Operation['responses'], listTypes: ReadonlyMap<string, string>): Operation['responses'] {
  return Object.fromEntries(
    Object.entries(answers).map(([code, answer]) => {
      const { content } = answer;
      const type = typeof content === 'object' ? listTypes.get(content.type) : undefined;
      return [code, type === undefined ? answer : { ...answer, content: { type } }];
    }),
  );
}

const responseTexts: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

/** Answers with these codes that all carry the content, and 401. */
function responses(codes: readonly number[], content: ContentType): Operation['responses'] {
  const entries = codes.map((code) => [code, { description: responseTexts[code] ?? '', content }] as const);
  return { ...Object.fromEntries(entries), 401: { description: 'Unauthorized' } };
}

/** `rbac.authorization.k8s.io` → `rbacAuthorization`; the core group is `core`. */
export function groupTag(group: string): string {
  if (group === '') return 'core';
  const [first = '', ...rest] = group.replace(/\.k8s\.io$/, '').split(/[.-]/);
  return `${first}${rest.map(capitalized).join('')}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The paths of discovery of a group version: `/apis/apps/v1/`. */
export function groupVersionPaths(group: string, version: string): ApiPath {
  const tag = groupTag(group);
  return discoveryPath(
    `${groupVersionPath({ group, version })}/`,
    [`${tag}_${version}`],
    'get available resources',
    `get${capitalized(tag)}${capitalized(version)}APIResources`,
    'APIResourceList',
  );
}

/** The path of discovery of a group, `/apis/apps/`; of the core group, `/api/`. */
export function groupPath(group: string): ApiPath {
  const tag = groupTag(group);
  if (group === '') {
    return discoveryPath('/api/', [tag], 'get available API versions', 'getCoreAPIVersions', 'APIVersions');
  }
  return discoveryPath(
    `/apis/${group}/`,
    [tag],
    'get information of a group',
    `get${capitalized(tag)}APIGroup`,
    'APIGroup',
  );
}

/** `/apis/`. */
export const groupListPath: ApiPath = discoveryPath(
  '/apis/',
  ['apis'],
  'get available API versions',
  'getAPIVersions',
  'APIGroupList',
);

function discoveryPath(path: string, tags: string[], description: string, id: string, type: string): ApiPath {
  const content = { type: `${metaPackage}.${type}` };
  const operation: Operation = {
    method: 'get',
    id,
    description,
    tags,
    parameters: [],
    responses: responses([200], content),
    produces: objectMediaTypes,
    consumes: objectMediaTypes,
  };
  return { path, operations: [operation] };
}

/** Paths outside of the API groups: the version and the service account issuer's keys. */
export const otherPaths: readonly { readonly document: string; readonly path: ApiPath }[] = [
  plainPath(
    'version',
    '/version/',
    'version',
    'getCodeVersion',
    'get the version information for this server',
    'application/json',
    {
      type: 'io.k8s.apimachinery.pkg.version.Info',
    },
  ),
  plainPath(
    '.well-known/openid-configuration',
    '/.well-known/openid-configuration/',
    'WellKnown',
    'getServiceAccountIssuerOpenIDConfiguration',
    "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
    'application/json',
    'string',
  ),
  plainPath(
    'openid/v1/jwks',
    '/openid/v1/jwks/',
    'openid',
    'getServiceAccountIssuerOpenIDKeyset',
    'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
    'application/jwk-set+json',
    'string',
  ),
];

function plainPath(
  document: string,
  path: string,
  tag: string,
  id: string,
  description: string,
  mediaType: string,
  content: ContentType,
): { readonly document: string; readonly path: ApiPath } {
  const operation: Operation = {
    method: 'get',
    id,
    description,
    tags: [tag],
    parameters: [],
    responses: responses([200], content),
    produces: [mediaType],
    // What is no object says nothing of bodies.
    consumes: content === 'string' ? [] : [mediaType],
  };
  return { document, path: { path, operations: [operation] } };
}

/** What the operations of one resource share. */
interface Scope {
  readonly resource: ResourceDefinition;
  readonly documentation: Documentation;
  readonly gvk: { readonly group: string; readonly version: string; readonly kind: string };
  readonly base: string;
  /** Path of the collection where objects are created. */
  readonly collection: string;
  /** `AppsV1` and, in a namespace, `Namespaced`. */
  readonly groupName: string;
  readonly namespaced: string;
  readonly tags: readonly string[];
  readonly pathParameters: readonly Parameter[];
}

/** Every path of a resource, those of its subresources and the deprecated watch paths included. */
export function resourcePaths(resource: ResourceDefinition, documentation: Documentation): ApiPath[] {
  const { group, version, kind, namespaced } = resource;
  const base = groupVersionPath({ group, version });
  const tag = groupTag(group);
  const scope: Scope = {
    resource,
    documentation,
    gvk: { group, version, kind },
    base,
    collection: namespaced ? `${base}/namespaces/{namespace}/${resource.resource}` : `${base}/${resource.resource}`,
    groupName: `${capitalized(tag)}${capitalized(version)}`,
    namespaced: namespaced ? 'Namespaced' : '',
    tags: [`${tag}_${version}`],
    pathParameters: namespaced ? [namespaceParameter] : [],
  };
  const paths = [collectionPath(scope), itemPath(scope), ...allNamespacesPath(scope), ...watchPaths(scope)];
  for (const subresource of resource.subresources) paths.push(...subresourcePaths(scope, subresource));
  return paths.filter(({ operations }) => operations.length > 0);
}

function queries(scope: Scope, ...sets: readonly ParameterSet[]): Parameter[] {
  return [...sets, 'any' as const].flatMap((set) => queryParameters(set, scope.documentation));
}

function collectionPath(scope: Scope): ApiPath {
  const { resource, groupName, namespaced, gvk, tags } = scope;
  const { kind, verbs, type } = resource;
  const operations: Operation[] = [];
  const common = { tags, gvk };
  if (verbs.includes('list')) {
    operations.push({
      ...common,
      ...listOperation(scope, `list${groupName}${namespaced}${kind}`),
      parameters: [...scope.pathParameters, ...queries(scope, 'list')],
    });
  }
  if (verbs.includes('create')) {
    operations.push({
      ...common,
      method: 'post',
      id: `create${groupName}${namespaced}${kind}`,
      description: `create ${withArticle(kind)}`,
      action: 'post',
      parameters: [...scope.pathParameters, ...queries(scope, 'create')],
      body: { type, required: true, isPatch: false },
      responses: responses([200, 201, 202], { type }),
      produces: objectMediaTypes,
    });
  }
  if (verbs.includes('deletecollection')) {
    operations.push({
      ...common,
      method: 'delete',
      id: `delete${groupName}Collection${namespaced}${kind}`,
      description: `delete collection of ${kind}`,
      action: 'deletecollection',
      parameters: [...scope.pathParameters, ...queries(scope, 'deletecollection')],
      body: { type: `${metaPackage}.DeleteOptions`, required: false, isPatch: false },
      responses: responses([200], { type: `${metaPackage}.Status` }),
      produces: objectMediaTypes,
    });
  }
  return { path: scope.collection, operations };
}

function listOperation(
  scope: Scope,
  id: string,
): Pick<Operation, 'method' | 'id' | 'description' | 'action' | 'responses' | 'produces'> {
  const { kind, verbs, type } = scope.resource;
  return {
    method: 'get',
    id,
    description: `${verbs.includes('watch') ? 'list or watch' : 'list'} objects of kind ${kind}`,
    action: 'list',
    responses: responses([200], { type: `${type}List` }),
    produces: watchMediaTypes,
  };
}

/** Namespaced resources are listed over all namespaces too. */
function allNamespacesPath(scope: Scope): ApiPath[] {
  const { resource, base, groupName, gvk, tags } = scope;
  if (!resource.namespaced || !resource.verbs.includes('list')) return [];
  const operation: Operation = {
    ...listOperation(scope, `list${groupName}${resource.kind}ForAllNamespaces`),
    tags,
    gvk,
    parameters: queries(scope, 'list'),
  };
  return [{ path: `${base}/${resource.resource}`, operations: [operation] }];
}

function itemPath(scope: Scope): ApiPath {
  const { resource, groupName, namespaced, documentation } = scope;
  const { kind, verbs, type } = resource;
  const name = `${groupName}${namespaced}${kind}`;
  const operations = verbs.includes('get')
    ? [...objectOperations(scope, { name, of: '', verbs, type, gvk: scope.gvk })]
    : [];
  if (verbs.includes('delete')) {
    const answer = saysItReturnsDeleted(resource) ? type : `${metaPackage}.Status`;
    operations.push({
      method: 'delete',
      id: `delete${name}`,
      description: `delete ${withArticle(kind)}`,
      tags: scope.tags,
      gvk: scope.gvk,
      action: 'delete',
      parameters: [
        nameParameter(kind),
        ...scope.pathParameters,
        ...queryParameters('delete', documentation),
        ...queries(scope),
      ],
      body: { type: `${metaPackage}.DeleteOptions`, required: false, isPatch: false },
      responses: responses([200, 202], { type: answer }),
      produces: objectMediaTypes,
    });
  }
  return { path: `${scope.collection}/{name}`, operations };
}

interface ObjectScope {
  /** `AppsV1NamespacedDeploymentStatus`. */
  readonly name: string;
  /** `status of `. */
  readonly of: string;
  readonly verbs: readonly string[];
  readonly type: string;
  readonly gvk: Scope['gvk'];
}

/** Reading, replacing and patching an object or a subresource. */
function objectOperations(scope: Scope, { name, of, verbs, type, gvk }: ObjectScope): Operation[] {
  const { kind } = scope.resource;
  const path = [nameParameter(gvk.kind), ...scope.pathParameters];
  const common = { tags: scope.tags, gvk, produces: objectMediaTypes };
  const operations: Operation[] = [];
  if (verbs.includes('get')) {
    operations.push({
      ...common,
      method: 'get',
      id: `read${name}`,
      description: `read ${of}the specified ${kind}`,
      action: 'get',
      parameters: [...path, ...queries(scope)],
      responses: responses([200], { type }),
    });
  }
  if (verbs.includes('update')) {
    operations.push({
      ...common,
      method: 'put',
      id: `replace${name}`,
      description: `replace ${of}the specified ${kind}`,
      action: 'put',
      parameters: [...path, ...queries(scope, 'replace')],
      body: { type, required: true, isPatch: false },
      responses: responses([200, 201], { type }),
    });
  }
  if (verbs.includes('patch')) {
    operations.push({
      ...common,
      method: 'patch',
      id: `patch${name}`,
      description: `partially update ${of}the specified ${kind}`,
      action: 'patch',
      parameters: [...path, ...queries(scope, 'patch')],
      body: { type: `${metaPackage}.Patch`, required: true, isPatch: true },
      responses: responses([200, 201], { type }),
    });
  }
  return operations;
}

/** Options that subresources take instead of an object, by the kind that discovery shows. */
const connectParameters: Readonly<Record<string, ParameterSet>> = {
  PodAttachOptions: 'attach',
  PodExecOptions: 'exec',
  PodPortForwardOptions: 'portforward',
  PodProxyOptions: 'podProxy',
  ServiceProxyOptions: 'serviceProxy',
  NodeProxyOptions: 'nodeProxy',
};

function subresourcePaths(scope: Scope, subresource: SubresourceDefinition): ApiPath[] {
  const { resource, groupName, namespaced } = scope;
  const path = `${scope.collection}/{name}/${subresource.name}`;
  const name = `${groupName}${namespaced}${resource.kind}${capitalized(subresource.name)}`;
  const options = connectParameters[subresource.kind?.kind ?? ''];
  if (options !== undefined) return connectPaths(scope, subresource, options, path);
  const type = subresourceType(resource, subresource);
  const kind = subresource.kind;
  const gvk = kind === undefined ? scope.gvk : kind.version === '' ? { ...scope.gvk, kind: kind.kind } : { ...kind };
  if (subresource.name === 'log') return [logPath(scope, path, name)];
  const operations = objectOperations(scope, {
    name,
    of: `${subresource.name} of `,
    verbs: subresource.verbs,
    type,
    gvk,
  });
  if (subresource.verbs.includes('create')) {
    operations.push({
      method: 'post',
      id: `create${name}`,
      description: `create ${subresource.name} of ${withArticle(resource.kind)}`,
      tags: scope.tags,
      gvk,
      action: 'post',
      parameters: [nameParameter(gvk.kind), ...scope.pathParameters, ...queries(scope, 'create')],
      body: { type, required: true, isPatch: false },
      responses: responses([200, 201, 202], { type }),
      produces: objectMediaTypes,
    });
  }
  return [{ path, operations }];
}

const subresourceTypes: Readonly<Record<string, string>> = {
  'autoscaling/v1 Scale': 'io.k8s.api.autoscaling.v1.Scale',
  'policy/v1 Eviction': 'io.k8s.api.policy.v1.Eviction',
  'authentication.k8s.io/v1 TokenRequest': 'io.k8s.api.authentication.v1.TokenRequest',
};

/** A subresource's type: a kind of another group, or one of the resource's own package. */
function subresourceType(resource: ResourceDefinition, { kind }: SubresourceDefinition): string {
  if (kind === undefined) return resource.type;
  const foreign = subresourceTypes[`${formatGroupVersion(kind)} ${kind.kind}`];
  return foreign ?? `${resource.type.slice(0, resource.type.lastIndexOf('.'))}.${kind.kind}`;
}

function logPath(scope: Scope, path: string, name: string): ApiPath {
  const operation: Operation = {
    method: 'get',
    id: `read${name}`,
    description: `read log of the specified ${scope.resource.kind}`,
    tags: scope.tags,
    gvk: scope.gvk,
    action: 'get',
    parameters: [nameParameter(scope.resource.kind), ...scope.pathParameters, ...queries(scope, 'log')],
    responses: responses([200], 'string'),
    produces: ['text/plain', ...objectMediaTypes],
  };
  return { path, operations: [operation] };
}

/** Streams and proxies: any method, any answer; a proxy takes a path behind its own as well. */
function connectPaths(
  scope: Scope,
  subresource: SubresourceDefinition,
  options: ParameterSet,
  path: string,
): ApiPath[] {
  const { resource, groupName, namespaced, documentation } = scope;
  const isProxy = subresource.name === 'proxy';
  const operationsOf = (suffix: string, parameters: readonly Parameter[]): Operation[] =>
    (isProxy ? methodOrder : (['get', 'post'] as const)).map((method) => ({
      method,
      id: `connect${groupName}${capitalized(method)}${namespaced}${resource.kind}${capitalized(subresource.name)}${suffix}`,
      description: `connect ${method.toUpperCase()} requests to ${subresource.name} of ${resource.kind}`,
      tags: scope.tags,
      gvk: { ...scope.gvk, kind: subresource.kind?.kind ?? '' },
      action: 'connect',
      parameters,
      responses: responses([200], 'string'),
      produces: ['*/*'],
    }));
  const parameters = [
    nameParameter(subresource.kind?.kind ?? resource.kind),
    ...scope.pathParameters,
    ...queryParameters(options, documentation),
  ];
  const paths = [{ path, operations: operationsOf('', parameters) }];
  if (isProxy)
    paths.push({ path: `${path}/{path}`, operations: operationsOf('WithPath', [pathParameter, ...parameters]) });
  return paths;
}

/** Deprecated, and still documented: `/api/v1/watch/…`. */
function watchPaths(scope: Scope): ApiPath[] {
  const { resource, base, groupName, namespaced, gvk, tags } = scope;
  const { kind } = resource;
  if (!resource.verbs.includes('watch')) return [];
  const instead = "deprecated: use the 'watch' parameter with a list operation instead";
  const watch = (
    path: string,
    id: string,
    description: string,
    action: string,
    path_: readonly Parameter[],
  ): ApiPath => ({
    path,
    operations: [
      {
        method: 'get',
        id,
        description,
        tags,
        gvk,
        action,
        parameters: [...path_, ...queries(scope, 'list')],
        responses: responses([200], { type: `${metaPackage}.WatchEvent` }),
        produces: watchMediaTypes,
      },
    ],
  });
  const list = `watch individual changes to a list of ${kind}. ${instead}.`;
  const one = `watch changes to an object of kind ${kind}. ${instead}, filtered to a single item with the 'fieldSelector' parameter.`;
  const collection = scope.collection.replace(base, `${base}/watch`);
  const paths = [
    watch(collection, `watch${groupName}${namespaced}${kind}List`, list, 'watchlist', scope.pathParameters),
    watch(`${collection}/{name}`, `watch${groupName}${namespaced}${kind}`, one, 'watch', [
      nameParameter(kind),
      ...scope.pathParameters,
    ]),
  ];
  if (resource.namespaced) {
    const id = `watch${groupName}${kind}ListForAllNamespaces`;
    paths.push(watch(`${base}/watch/${resource.resource}`, id, list, 'watchlist', []));
  }
  return paths;
}

/** A kind that ends as plurals do goes without an article, be it one or not. */
function withArticle(kind: string): string {
  if (kind.endsWith('s') && !kind.endsWith('ss')) return kind;
  return `${/^[AEIOU]/i.test(kind) ? 'an' : 'a'} ${kind}`;
}
