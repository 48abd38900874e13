import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import type { AggregatedResourceEntry } from '../discovery/discovery-entries.ts';

/** What asks for aggregated discovery, newest version first. */
export const aggregatedDiscoveryTypes =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

/**
 * The resources of a group version in a server's own aggregated discovery.
 * @param contentType of the answer; undefined comes back when it is of another kind, or the group version is not in it
 */
export function discoveredResources(
  contentType: string,
  list: JsonValue,
  group: string,
  version: string,
): AggregatedResourceEntry[] | undefined {
  const parts = contentType.split(';').map((part) => part.trim());
  const isAggregated =
    parts[0] === 'application/json' &&
    parts.includes('g=apidiscovery.k8s.io') &&
    parts.includes('as=APIGroupDiscoveryList') &&
    (parts.includes('v=v2') || parts.includes('v=v2beta1'));
  if (!isAggregated || !isJsonObject(list)) return undefined;
  const found = objects(list['items'])
    .filter(({ metadata }) => isJsonObject(metadata) && metadata['name'] === group)
    .flatMap(({ versions }) => objects(versions))
    .find((candidate) => candidate['version'] === version);
  if (found === undefined) return undefined;
  return objects(found['resources']).map((entry) => {
    const { resource = '', subresources, ...rest } = entry;
    const inside = Array.isArray(subresources) ? { subresources: objects(subresources).map(withResponseKind) } : {};
    return { resource, ...withResponseKind(rest), ...inside };
  }) as unknown as AggregatedResourceEntry[];
}

/** Older clients fall over an entry without the kind that is answered (kubernetes/kubernetes#118361). */
function withResponseKind(entry: JsonObject): JsonObject {
  const { responseKind } = entry;
  return isJsonObject(responseKind) ? entry : { ...entry, responseKind: { group: '', version: '', kind: '' } };
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The resources of an APIResourceList in the form of aggregated discovery; what cannot be read is left out. */
export function aggregatedResources(list: JsonValue): AggregatedResourceEntry[] {
  const entries = isJsonObject(list) && Array.isArray(list['resources']) ? list['resources'].filter(isJsonObject) : [];
  const kindOf = (entry: JsonObject): { group: string; version: string; kind: string } => ({
    // As in the list: what is empty there is the group or version of the list for who reads it.
    group: text(entry['group']),
    version: text(entry['version']),
    kind: text(entry['kind']),
  });
  return entries
    .filter(({ name }) => typeof name === 'string' && !name.includes('/'))
    .map((entry) => {
      const resource = text(entry['name']);
      const subresources = entries
        .filter(({ name }) => text(name).startsWith(`${resource}/`))
        .map((inside) => ({
          subresource: text(inside['name']).slice(resource.length + 1),
          responseKind: kindOf(inside),
          verbs: texts(inside['verbs']),
        }));
      const [shortNames, categories] = [texts(entry['shortNames']), texts(entry['categories'])];
      return {
        resource,
        responseKind: kindOf(entry),
        scope: entry['namespaced'] === true ? ('Namespaced' as const) : ('Cluster' as const),
        singularResource: text(entry['singularName']),
        verbs: texts(entry['verbs']),
        ...(shortNames.length === 0 ? {} : { shortNames }),
        ...(categories.length === 0 ? {} : { categories }),
        ...(subresources.length === 0 ? {} : { subresources }),
      };
    });
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
