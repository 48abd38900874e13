import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** One resource as discovery describes it; subresources are named beside it. */
export interface DiscoveredResource {
  readonly group: string;
  readonly version: string;
  /** Plural, as in URLs. */
  readonly name: string;
  /** Empty where the server tells none. */
  readonly singularName: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Names below the resource: `status`, `scale`, with what they take and the verbs they know. */
  readonly subresources: readonly DiscoveredSubresource[];
}

/** A subresource and the kind it takes, whose group and version may be others. */
export interface DiscoveredSubresource {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** A group with its versions in the server's order; the preferred one is not always the first. */
export interface DiscoveredGroup {
  /** Empty for the core group. */
  readonly name: string;
  readonly preferredVersion: string;
  readonly versions: readonly {
    readonly version: string;
    /** undefined where the server could not tell (an aggregated server that is down). */
    readonly resources: readonly DiscoveredResource[] | undefined;
  }[];
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) ? value[key] : undefined;
}

/** Reads an APIGroupDiscoveryList (apidiscovery.k8s.io/v2 or v2beta1), of /api or of /apis. */
export function groupsFromAggregatedDiscovery(document: JsonValue): DiscoveredGroup[] {
  return objects(member(document, 'items')).map((item) => {
    const group = text(member(item['metadata'], 'name'));
    const versions = objects(item['versions']).map((entry) => {
      const version = text(entry['version']);
      const isStale = entry['freshness'] === 'Stale';
      const read = (resource: JsonObject): DiscoveredResource => aggregatedResource(group, version, resource);
      const resources = objects(entry['resources']).filter((resource) => isJsonObject(resource['responseKind']));
      return { version, resources: isStale && resources.length === 0 ? undefined : resources.map(read) };
    });
    return { name: group, preferredVersion: versions[0]?.version ?? '', versions };
  });
}

function aggregatedResource(group: string, version: string, resource: JsonObject): DiscoveredResource {
  return {
    group,
    version,
    name: text(resource['resource']),
    singularName: text(resource['singularResource']),
    kind: text(member(resource['responseKind'], 'kind')),
    namespaced: resource['scope'] === 'Namespaced',
    verbs: texts(resource['verbs']),
    shortNames: texts(resource['shortNames']),
    categories: texts(resource['categories']),
    subresources: objects(resource['subresources']).map((subresource) => {
      const kind = subresource['responseKind'];
      const ownVersion = text(member(kind, 'version'));
      return {
        name: text(subresource['subresource']),
        group: ownVersion === '' ? group : text(member(kind, 'group')),
        version: ownVersion === '' ? version : ownVersion,
        kind: text(member(kind, 'kind')),
        verbs: texts(subresource['verbs']),
      };
    }),
  };
}

/** A group without its resources: an entry of an APIGroupList, or APIVersions for the core group. */
export interface LegacyGroup {
  readonly name: string;
  readonly preferredVersion: string;
  readonly versions: readonly string[];
}

/** Reads an APIGroupList (/apis). */
export function groupsFromGroupList(document: JsonValue): LegacyGroup[] {
  return objects(member(document, 'groups')).map((group) => ({
    name: text(group['name']),
    preferredVersion: text(member(group['preferredVersion'], 'version')),
    versions: objects(group['versions']).map((entry) => text(entry['version'])),
  }));
}

/** Reads APIVersions (/api): the core group; undefined where there is none. */
export function coreGroupFromVersions(document: JsonValue): LegacyGroup | undefined {
  const versions = texts(member(document, 'versions'));
  const [first] = versions;
  return first === undefined ? undefined : { name: '', preferredVersion: first, versions };
}

/** Reads an APIResourceList (/api/v1, /apis/apps/v1). */
export function resourcesFromResourceList(group: string, version: string, document: JsonValue): DiscoveredResource[] {
  const entries = objects(member(document, 'resources'));
  const subresourcesOf = (name: string): DiscoveredSubresource[] =>
    entries
      .filter((entry) => text(entry['name']).startsWith(`${name}/`))
      .map((entry) => ({
        name: text(entry['name']).slice(name.length + 1),
        group: text(entry['group']) === '' && text(entry['version']) === '' ? group : text(entry['group']),
        version: text(entry['version']) === '' ? version : text(entry['version']),
        kind: text(entry['kind']),
        verbs: texts(entry['verbs']),
      }));
  return entries
    .filter((entry) => !text(entry['name']).includes('/'))
    .map((entry) => ({
      group,
      version,
      name: text(entry['name']),
      singularName: text(entry['singularName']),
      kind: text(entry['kind']),
      namespaced: entry['namespaced'] === true,
      verbs: texts(entry['verbs']),
      shortNames: texts(entry['shortNames']),
      categories: texts(entry['categories']),
      subresources: subresourcesOf(text(entry['name'])),
    }));
}
