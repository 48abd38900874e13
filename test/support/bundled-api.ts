import { builtInResources, builtInTypes } from '../../src/api/registry.ts';
import { groupsFromAggregatedDiscovery } from '../../src/apimachinery/discovery-document.ts';
import type { JsonValue } from '../../src/apimachinery/json.ts';
import { RestMapper } from '../../src/apimachinery/rest-mapping.ts';
import { discoveryDocuments } from '../../src/control-plane/apiserver/discovery/discovery-documents.ts';
import { openApiV3Documents } from '../../src/control-plane/apiserver/openapi/openapi-documents.ts';
import type { BundledApi } from '../../src/schema-cache/bundled-api.ts';
import { openApiOf } from '../../src/schema-cache/openapi.ts';

/** What the build bundles, made in memory. */
export function bundledApi(): Promise<BundledApi> {
  const resources = builtInResources.map((definition) => ({ definition, custom: false }));
  const { aggregatedLegacy, aggregatedGroups } = discoveryDocuments(resources, { serverAddress: '' });
  const items = [...aggregatedLegacy.items, ...aggregatedGroups.items];
  const documents = openApiV3Documents({
    resources: builtInResources,
    types: builtInTypes(),
    documentation: () => undefined,
    version: '1.36',
  });
  return Promise.resolve({
    mapper: new RestMapper(groupsFromAggregatedDiscovery({ items } as unknown as JsonValue)),
    openApi: openApiOf((name) => Promise.resolve(documents.get(name)?.())),
  });
}
