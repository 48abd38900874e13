import type { APIService } from '../api/types/apiregistration-v1.ts';
import type { ConfigMap, Service } from '../api/types/core-v1.ts';
import type { EndpointSlice } from '../api/types/discovery-v1.ts';
import { equalJson } from '../apimachinery/json.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Client } from '../client/client.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { ResolveService } from '../client/webhook-client.ts';
import { type Aggregator, createAggregator } from '../control-plane/apiserver/aggregation/aggregator.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/logger.ts';
import type { ClusterCredentials } from './cluster-credentials.ts';

export interface AggregationAssemblyOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly resolve: ResolveService;
  readonly credentials: ClusterCredentials;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An aggregator that other servers can believe. */
export interface AssembledAggregator extends Omit<Aggregator, 'start'> {
  /** Tells other servers whom to believe, and begins. */
  start(): Promise<void>;
}

/** Puts the aggregation layer together. */
export function assembleAggregator(options: AggregationAssemblyOptions): AssembledAggregator {
  const { client, informers, resolve, credentials, clock, log } = options;
  const aggregator = createAggregator({
    client,
    apiServices: informers.informer<APIService>({
      group: 'apiregistration.k8s.io',
      version: 'v1',
      resource: 'apiservices',
    }),
    services: informers.informer<Service>({ group: '', version: 'v1', resource: 'services' }),
    slices: informers.informer<EndpointSlice>({
      group: 'discovery.k8s.io',
      version: 'v1',
      resource: 'endpointslices',
    }),
    resolve,
    identity: credentials.frontProxy.client,
    clock,
    log,
  });
  return {
    ...aggregator,
    async start() {
      await publishAuthentication(client, credentials);
      aggregator.start();
    },
  };
}

/** The ConfigMap by which servers of aggregated groups find out whose word on users they may take. */
async function publishAuthentication(client: Client, { authority, frontProxy }: ClusterCredentials): Promise<void> {
  const configMaps = client.resource<ConfigMap>({ group: '', version: 'v1', resource: 'configmaps' }, 'kube-system');
  const data = {
    'client-ca-file': authority.certificate,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': frontProxy.authority.certificate,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  };
  const name = 'extension-apiserver-authentication';
  try {
    const existing = await configMaps.get(name);
    if (!equalJson(existing.data, data)) await configMaps.update({ ...existing, data });
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    const metadata = { name, namespace: 'kube-system' };
    await configMaps.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  }
}
