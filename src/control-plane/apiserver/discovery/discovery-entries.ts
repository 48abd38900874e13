import { createHash } from 'node:crypto';
import type { ResourceDefinition, SubresourceDefinition } from '../../../api/resource-definition.ts';

/** metav1.APIResource. */
export interface ApiResourceEntry {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersionHash?: string;
}

interface ResponseKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** apidiscovery.k8s.io APIResourceDiscovery. */
export interface AggregatedResourceEntry {
  readonly resource: string;
  readonly responseKind?: ResponseKind;
  readonly scope: 'Cluster' | 'Namespaced';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind?: ResponseKind;
    readonly verbs: readonly string[];
  }[];
}

/** What discovery knows of a resource. */
export interface DiscoveredResource {
  readonly definition: ResourceDefinition;
  /** Custom resources name their kind's group and version in the aggregated document. */
  readonly custom: boolean;
}

/** The entries of an APIResourceList: the resource, then its subresources. */
export function apiResourceEntries({ definition }: DiscoveredResource): ApiResourceEntry[] {
  const { resource, singular, namespaced, kind, verbs } = definition;
  const hash = storageVersionHash(definition);
  return [
    {
      name: resource,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...namesOf(definition),
      ...(hash === undefined ? {} : { storageVersionHash: hash }),
    },
    ...definition.subresources.map((subresource) => ({
      name: `${resource}/${subresource.name}`,
      singularName: '',
      namespaced,
      ...groupVersionOf(subresource),
      kind: subresource.kind?.kind ?? kind,
      verbs: subresource.verbs,
    })),
  ];
}

/** The entry of the aggregated document. */
export function aggregatedEntry({ definition, custom }: DiscoveredResource): AggregatedResourceEntry {
  const { group, version, kind } = definition;
  const ownKind: ResponseKind = custom ? { group, version, kind } : { group: '', version: '', kind };
  const subresources = definition.subresources.map((subresource) => ({
    subresource: subresource.name,
    responseKind: subresource.kind ?? ownKind,
    verbs: subresource.verbs,
  }));
  return {
    resource: definition.resource,
    responseKind: ownKind,
    scope: definition.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: definition.singular,
    verbs: definition.verbs,
    ...namesOf(definition),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/** A subresource that speaks a kind of another group says so. */
function groupVersionOf({ kind }: SubresourceDefinition): Pick<ApiResourceEntry, 'group' | 'version'> {
  if (kind === undefined || kind.version === '') return {};
  return { ...(kind.group === '' ? {} : { group: kind.group }), version: kind.version };
}

function namesOf(definition: ResourceDefinition): Pick<ApiResourceEntry, 'shortNames' | 'categories'> {
  const { shortNames, categories } = definition;
  return { ...(shortNames.length === 0 ? {} : { shortNames }), ...(categories.length === 0 ? {} : { categories }) };
}

/** Tells clients when the stored version changes: 8 bytes of the SHA-256 of `group/version/kind`. */
function storageVersionHash(definition: ResourceDefinition): string | undefined {
  if (!definition.verbs.includes('watch')) return undefined;
  const { group, version } = definition.storageVersion ?? definition.storage ?? definition;
  const hash = createHash('sha256').update(`${group}/${version}/${definition.kind}`).digest();
  return hash.subarray(0, 8).toString('base64');
}
