import { groupsFromAggregatedDiscovery, type DiscoveredResource } from '../../apimachinery/discovery-document.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import type { Client } from '../../client/client.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/**
 * Every resource that can be listed, watched and deleted, as the server tells it now: in its group's preferred version
 * where that has it.
 */
export async function deletableResources(client: Client): Promise<DiscoveredResource[]> {
  const roots = await Promise.all(
    ['/api', '/apis'].map((path) => client.request({ method: 'GET', path, accept: aggregated })),
  );
  const groups = roots.flatMap((response) => groupsFromAggregatedDiscovery(parseJson(response.body)));
  return groups.flatMap(({ versions, preferredVersion }) => {
    const isPreferred = ({ version }: { readonly version: string }): number => Number(version === preferredVersion);
    const byName = new Map<string, DiscoveredResource>();
    for (const { resources } of versions.toSorted((left, right) => isPreferred(right) - isPreferred(left))) {
      for (const resource of resources ?? []) {
        const isDeletable = ['list', 'watch', 'delete'].every((verb) => resource.verbs.includes(verb));
        if (isDeletable && !byName.has(resource.name)) byName.set(resource.name, resource);
      }
    }
    return [...byName.values()];
  });
}
