import type { Documentation } from '../../../api/documentation.ts';
import type { ResourceDefinition, TypeDefinition } from '../../../api/resource-definition.ts';
import { escapeHtmlInJson } from '../../../apimachinery/go-json.ts';
import { sortedKeys } from '../../../apimachinery/go-value.ts';
import { formatGroupVersion, groupVersionPath } from '../../../apimachinery/gvk.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { stringifyJson } from '../../../apimachinery/json-codec.ts';
import {
  type ApiPath,
  customResourcePaths,
  groupListPath,
  groupPath,
  groupVersionPaths,
  otherPaths,
  resourcePaths,
} from './operations.ts';
import { renderPathsV2 } from './paths-v2.ts';
import { renderPathsV3 } from './paths-v3.ts';
import { type OpenApiVersion, reachableTypes, renderType } from './schema-rendering.ts';
import { unservedVersions } from './known-versions.ts';

/** What the documents are made of. */
export interface OpenApiInput {
  readonly resources: readonly ResourceDefinition[];
  readonly types: ReadonlyMap<string, TypeDefinition>;
  readonly documentation: Documentation;
  /** The resources are custom ones. */
  readonly custom?: {
    /** Types by name, rendered as their definitions declare them. */
    readonly types: ReadonlyMap<string, (version: OpenApiVersion) => JsonObject>;
    /** The types of lists, by the names that they would have if their kinds ended in `List`. */
    readonly listTypes: ReadonlyMap<string, string>;
  };
  /** What the documents are called; Kubernetes when absent. */
  readonly title?: string;
  /** `1.36`. */
  readonly version: string;
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const machinery = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const securityScheme = {
  type: 'apiKey',
  description: 'Bearer Token authentication',
  name: 'authorization',
  in: 'header',
};

/** Name of the OpenAPI v3 document of a group version: `api/v1`, `apis/apps/v1`. */
export function documentNameOf(groupVersion: { readonly group: string; readonly version: string }): string {
  return groupVersionPath(groupVersion).slice(1);
}

/**
 * The OpenAPI v3 documents by name, each built when asked for: one per group version, and small ones of the paths
 * that lead there.
 */
export function openApiV3Documents(input: OpenApiInput): ReadonlyMap<string, () => JsonObject> {
  const documents = new Map<string, () => JsonObject>();
  const plain =
    (paths: readonly ApiPath[]): (() => JsonObject) =>
    () =>
      renderV3(paths, input);
  if (input.custom === undefined) {
    for (const { document, path } of otherPaths) documents.set(document, plain([path]));
    documents.set('apis', plain([groupListPath]));
  }
  for (const members of groupVersionsOf(input.resources)) {
    const [{ group, version } = { group: '', version: '' }] = members;
    if (input.custom === undefined) documents.set(group === '' ? 'api' : `apis/${group}`, plain([groupPath(group)]));
    documents.set(documentNameOf({ group, version }), () =>
      renderV3(groupVersionDocumentPaths(members, input), input, { group, version }),
    );
  }
  return new Map([...documents].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** An OpenAPI v3 document as it is served: unlike Swagger 2.0, what HTML has a meaning for is escaped. */
export function openApiV3Text(document: JsonObject): string {
  return escapeHtmlInJson(stringifyJson(document));
}

/** The Swagger 2.0 document of everything. */
export function openApiV2Document(input: OpenApiInput): JsonObject {
  const groups = [...new Set(input.resources.map(({ group }) => group))];
  const paths = [
    // The paths of discovery are those of built-in groups only.
    ...(input.custom === undefined
      ? [...otherPaths.map(({ path }) => path), groupListPath, ...groups.map(groupPath)]
      : []),
    ...groupVersionsOf(input.resources).flatMap((members) => groupVersionDocumentPaths(members, input)),
  ];
  const served = groupVersionsOf(input.resources).flatMap(([first]) => (first === undefined ? [] : [first]));
  const known = input.custom === undefined ? [...served, ...unserved(served)] : served;
  const rendered = renderPathsV2(paths);
  return {
    swagger: '2.0',
    info: { title: input.title ?? 'Kubernetes', version: input.version },
    paths: rendered.paths,
    definitions: renderTypes(paths, input, 'v2', known),
    parameters: Object.fromEntries(
      sortedKeys(rendered.parameters).map((name) => [name, rendered.parameters[name] ?? null]),
    ),
    securityDefinitions: { BearerToken: securityScheme },
    security: [{ BearerToken: [] }],
  };
}

/** Versions that are named with kinds of the machinery though nothing is served of them. */
function unserved(served: readonly GroupVersion[]): GroupVersion[] {
  return Object.entries(unservedVersions)
    .flatMap(([group, versions]) => versions.map((version) => ({ group, version })))
    .filter(({ group, version }) => !served.some((one) => one.group === group && one.version === version));
}

/** Groups that only servers know, not the clients whose list of kinds stands in documents of custom resources. */
const serverGroups = new Set([
  'admission.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'imagepolicy.k8s.io',
]);

/** The versions of Kubernetes' own groups that its clients know; documents of custom resources name no other. */
function clientGroupVersions({ types, custom }: OpenApiInput): GroupVersion[] {
  const served = new Map<string, GroupVersion>();
  for (const { name, gvks } of types.values()) {
    if (custom?.types.has(name) === true) continue;
    for (const { group, version } of gvks) served.set(`${group}/${version}`, { group, version });
  }
  const known = [...served.values()];
  return [...known, ...unserved(known)].filter(({ group }) => !serverGroups.has(group));
}

function groupVersionsOf(resources: readonly ResourceDefinition[]): ResourceDefinition[][] {
  const groupVersions = new Map<string, ResourceDefinition[]>();
  for (const resource of resources) {
    const key = formatGroupVersion(resource);
    groupVersions.set(key, [...(groupVersions.get(key) ?? []), resource]);
  }
  return [...groupVersions.values()];
}

function groupVersionDocumentPaths(members: readonly ResourceDefinition[], input: OpenApiInput): ApiPath[] {
  const [{ group, version } = { group: '', version: '' }] = members;
  const paths = members.flatMap((resource) => resourcePaths(resource, input.documentation));
  const { custom, documentation } = input;
  return custom === undefined
    ? [groupVersionPaths(group, version), ...paths]
    : customResourcePaths(paths, custom.listTypes, documentation);
}

/** What documents of custom resources are called. */
const definitionsInfo = { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' };

function renderV3(
  paths: readonly ApiPath[],
  input: OpenApiInput,
  groupVersion?: { readonly group: string; readonly version: string },
): JsonObject {
  const own = groupVersion === undefined ? [] : [groupVersion];
  const schemas = renderTypes(paths, input, 'v3', input.custom === undefined ? own : clientGroupVersions(input));
  return {
    openapi: '3.0.0',
    info: input.custom === undefined ? { title: input.title ?? 'Kubernetes', version: input.version } : definitionsInfo,
    paths: renderPathsV3(paths),
    components: {
      ...(Object.keys(schemas).length === 0 ? {} : { schemas }),
      ...(input.custom === undefined ? { securitySchemes: { BearerToken: securityScheme } } : {}),
    },
  };
}

/** The types that paths reach, sorted by name. */
function renderTypes(
  paths: readonly ApiPath[],
  input: OpenApiInput,
  version: OpenApiVersion,
  groupVersions: readonly GroupVersion[],
): JsonObject {
  const names = [...reachableTypes(typesOfPaths(paths), input.types)].toSorted();
  const rendered: JsonObject = {};
  for (const name of names) {
    const type = input.types.get(name);
    if (type === undefined) continue;
    const custom = input.custom?.types.get(name);
    rendered[name] =
      custom !== undefined
        ? custom(version)
        : renderType(type, gvksOf(type, groupVersions), version, input.documentation);
  }
  return rendered;
}

function typesOfPaths(paths: readonly ApiPath[]): Set<string> {
  const names = new Set<string>();
  for (const { body, responses } of paths.flatMap(({ operations }) => operations)) {
    if (body !== undefined) names.add(body.type);
    for (const { content } of Object.values(responses)) {
      if (content !== undefined && content !== 'string') names.add(content.type);
    }
  }
  return names;
}

/** Kinds of the machinery: some belong to every group version, some to the core one. */
function gvksOf(type: TypeDefinition, groupVersions: readonly GroupVersion[]): TypeDefinition['gvks'] {
  if (type.gvks.length > 0) return type.gvks;
  const kind = type.name.slice(machinery.length + 1);
  if (type.name !== `${machinery}.${kind}`) return [];
  const core = { group: '', version: 'v1', kind };
  if (['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Status'].includes(kind)) return [core];
  if (kind !== 'DeleteOptions' && kind !== 'WatchEvent') return [];
  const others = groupVersions
    .filter(({ group }) => group !== '')
    .map(({ group, version }) => ({ group, version, kind }));
  const sortKey = ({ group, version }: GroupVersion): string => `${group}/${version}`;
  return [core, ...others].toSorted((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
}
