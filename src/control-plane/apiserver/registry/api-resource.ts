import type { ResourceDefinition } from '../../../api/resource-definition.ts';
import { formatGroupVersion, type GroupVersionKind } from '../../../apimachinery/gvk.ts';
import type { JsonObject, JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { SchemaSource } from '../../../apimachinery/schema.ts';
import type { GroupResource } from '../../../apimachinery/status.ts';
import type { TypedDecodeResult } from '../../../apimachinery/decoding/typed-decoder.ts';
import type { ObjectVersions } from './versioned-storage.ts';

/** One resource of one version as the server serves it: its definition with what the generic code derives from it. */
export interface ApiResource {
  readonly definition: ResourceDefinition;
  readonly groupResource: GroupResource;
  readonly gvk: GroupVersionKind;
  readonly apiVersion: string;
  readonly types: SchemaSource;
  /** Items of lists carry kind and apiVersion (custom resources), and selectable fields are those of CRDs. */
  readonly custom: boolean;
  /** Storage key of everything of this resource, ending in a slash. */
  readonly prefix: string;
  /** Warning that every request to this version gets; empty when there is none. */
  readonly deprecationWarning: string;
  /** Where the scale subresource of a custom resource reads and writes. */
  readonly scalePaths?: ScalePaths;
  /** Reads an object, when that is not done by its type alone (custom resources). */
  readonly decode?: OwnDecoding;
  /** What a definition declares, for the published documents (custom resources). */
  readonly customType?: CustomType;
  /** How objects are kept in other versions than they are shown in (custom resources). */
  readonly versions?: ObjectVersions;
  /** Why nothing can be created any more (custom resources whose definition goes). */
  readonly refusesCreate?: string;
}

/** @param keepsNulls whether null stays where it may not be, for validation to refuse: so for what an apply made */
type OwnDecoding = (value: JsonValue, keepsNulls?: boolean) => TypedDecodeResult;

/** What a CustomResourceDefinition says of one version's type. */
export interface CustomType {
  /** `openAPIV3Schema`; undefined when there is none. */
  readonly schema: JsonObject | undefined;
  readonly listKind: string;
  readonly plural: string;
  /** Names of the fields that field selectors may use, without the leading dot. */
  readonly selectableFields: readonly string[];
}

/** What can be told besides the definition. */
export interface ApiResourceOptions {
  readonly custom?: boolean;
  readonly deprecationWarning?: string;
  readonly decode?: OwnDecoding;
  readonly scalePaths?: ScalePaths;
  readonly customType?: CustomType;
  readonly versions?: ObjectVersions;
  readonly refusesCreate?: string;
}

/** Paths within an object, such as `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

/** Derives what the server needs of a definition. */
export function apiResource(
  definition: ResourceDefinition,
  types: SchemaSource,
  options: ApiResourceOptions = {},
): ApiResource {
  const { group, version, kind, resource } = definition;
  const storageGroup = definition.storage?.group ?? group;
  return {
    definition,
    groupResource: { group, resource: definition.calledInErrors ?? resource },
    gvk: { group, version, kind },
    apiVersion: formatGroupVersion({ group, version }),
    types,
    custom: options.custom === true,
    ...(options.decode === undefined ? {} : { decode: options.decode }),
    ...(options.scalePaths === undefined ? {} : { scalePaths: options.scalePaths }),
    ...(options.customType === undefined ? {} : { customType: options.customType }),
    ...(options.versions === undefined ? {} : { versions: options.versions }),
    ...(options.refusesCreate === undefined ? {} : { refusesCreate: options.refusesCreate }),
    prefix: `/registry/${storageGroup === '' ? '' : `${storageGroup}/`}${resource}/`,
    deprecationWarning: options.deprecationWarning ?? definition.deprecationWarning ?? '',
  };
}

/** Storage key of one object. */
export function storageKey(resource: ApiResource, namespace: string, name: string): string {
  return resource.definition.namespaced ? `${resource.prefix}${namespace}/${name}` : `${resource.prefix}${name}`;
}

/** Storage key prefix of a list: one namespace, or everything. */
export function listPrefix(resource: ApiResource, namespace: string): string {
  return resource.definition.namespaced && namespace !== '' ? `${resource.prefix}${namespace}/` : resource.prefix;
}

/** Converts to the stored version. */
export function toStorage(resource: ApiResource, object: Unstructured): Unstructured {
  return resource.definition.storage === undefined ? object : resource.definition.storage.toStorage(object);
}

/** Converts from the stored version to the one of this resource. */
export function fromStorage(resource: ApiResource, object: Unstructured): Unstructured {
  return resource.definition.storage === undefined ? object : resource.definition.storage.fromStorage(object);
}

/** Name and plural of everything served, by group, version and resource; custom resources come and go. */
export class ResourceRegistry {
  readonly #resources = new Map<string, ApiResource>();
  readonly #groupVersions = new Map<string, Map<string, number>>();

  /** Adds a resource or replaces the one of the same name. */
  add(resource: ApiResource): void {
    const { group, version } = resource.gvk;
    if (!this.#resources.has(keyOf(group, version, resource.definition.resource))) {
      const versions = this.#groupVersions.get(group) ?? new Map<string, number>();
      versions.set(version, (versions.get(version) ?? 0) + 1);
      this.#groupVersions.set(group, versions);
    }
    this.#resources.set(keyOf(group, version, resource.definition.resource), resource);
  }

  remove(group: string, version: string, resource: string): void {
    if (!this.#resources.delete(keyOf(group, version, resource))) return;
    const versions = this.#groupVersions.get(group);
    const count = (versions?.get(version) ?? 1) - 1;
    if (count > 0) versions?.set(version, count);
    else versions?.delete(version);
    if (versions?.size === 0) this.#groupVersions.delete(group);
  }

  find(group: string, version: string, resource: string): ApiResource | undefined {
    return this.#resources.get(keyOf(group, version, resource));
  }

  /** Any version of a resource. */
  findAnyVersion(group: string, resource: string): ApiResource | undefined {
    for (const candidate of this.#resources.values()) {
      if (candidate.gvk.group === group && candidate.definition.resource === resource) return candidate;
    }
    return undefined;
  }

  /** The resource that serves a kind. */
  findKind(group: string, version: string, kind: string): ApiResource | undefined {
    for (const candidate of this.#resources.values()) {
      const { gvk } = candidate;
      if (gvk.group === group && gvk.version === version && gvk.kind === kind) return candidate;
    }
    return undefined;
  }

  hasGroup(group: string): boolean {
    return this.#groupVersions.has(group);
  }

  /** Whether everything of a group comes from definitions. */
  isCustomGroup(group: string): boolean {
    const all = [...this.#resources.values()].filter((resource) => resource.gvk.group === group);
    return all.length > 0 && all.every((resource) => resource.custom);
  }

  hasGroupVersion(group: string, version: string): boolean {
    return this.#groupVersions.get(group)?.has(version) === true;
  }

  /** Everything, in the order of adding. */
  all(): readonly ApiResource[] {
    return [...this.#resources.values()];
  }
}

function keyOf(group: string, version: string, resource: string): string {
  return `${group}/${version}/${resource}`;
}
