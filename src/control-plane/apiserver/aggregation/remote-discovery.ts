import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import type { AggregatedResourceEntry } from '../discovery/discovery-entries.ts';

/** The resources of an APIResourceList in the form of aggregated discovery; what cannot be read is left out. */
export function aggregatedResources(list: JsonValue, group: string, version: string): AggregatedResourceEntry[] {
  const entries = isJsonObject(list) && Array.isArray(list['resources']) ? list['resources'].filter(isJsonObject) : [];
  const kindOf = (entry: JsonObject): { group: string; version: string; kind: string } => ({
    group: text(entry['group']) || group,
    version: text(entry['version']) || version,
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
