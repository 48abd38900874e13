import { groupsFromAggregatedDiscovery, type DiscoveredResource } from '../../apimachinery/discovery-document.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import type { Client } from '../../client/client.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** The preferred version of every resource that can be listed, watched and deleted, as the server tells it now. */
export async function deletableResources(client: Client): Promise<DiscoveredResource[]> {
  const roots = await Promise.all(
    ['/api', '/apis'].map((path) => client.request({ method: 'GET', path, accept: aggregated })),
  );
  const groups = roots.flatMap((response) => groupsFromAggregatedDiscovery(parseJson(response.body)));
  return groups
    .flatMap(({ versions, preferredVersion }) =>
      versions.filter(({ version }) => version === preferredVersion).flatMap(({ resources }) => resources ?? []),
    )
    .filter(({ verbs }) => ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb)));
}
