import type { APIService } from '../api/types/apiregistration-v1.ts';
import type { ConfigMap, Service } from '../api/types/core-v1.ts';
import type { EndpointSlice } from '../api/types/discovery-v1.ts';
import type { Transport } from '../apimachinery/http.ts';
import { equalJson } from '../apimachinery/json.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Client } from '../client/client.ts';
import type { HttpTransportOptions } from '../client/http-transport.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { ResolveService } from '../client/webhook-client.ts';
import { type Aggregator, createAggregator } from '../control-plane/apiserver/aggregation/aggregator.ts';
import type { WorkqueueMetrics } from '../control-plane/apiserver/metrics/workqueue-metrics.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import type { ClusterCredentials } from './cluster-credentials.ts';
import { readArgumentFile } from './watched-file.ts';
import { type ComponentArguments, ComponentArgumentError, listArgument } from './component-arguments.ts';

export interface AggregationAssemblyOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly resolve: ResolveService;
  readonly connect: (options: HttpTransportOptions) => Transport;
  readonly credentials: ClusterCredentials;
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly queues: WorkqueueMetrics;
  readonly log: Logger;
}

/** An aggregator that other servers can believe. */
export interface AssembledAggregator extends Omit<Aggregator, 'start'> {
  /** Tells other servers whom to believe. */
  readonly tellOthers: () => Promise<void>;
  start(): void;
}

/** Puts the aggregation layer together. @throws ComponentArgumentError */
export async function assembleAggregator(options: AggregationAssemblyOptions): Promise<AssembledAggregator> {
  const { client, informers, resolve, connect, clock, log } = options;
  const data = await authenticationData(options);
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
    connect,
    identity: await proxyIdentity(options),
    clock,
    queueObserver: options.queues.observer('RemoteAvailabilityController'),
    log,
  });
  return {
    ...aggregator,
    tellOthers: () => publishAuthentication(client, data),
  };
}

/** What other servers know this one by: --proxy-client-cert-file, or a certificate of the cluster's own authority. */
async function proxyIdentity({
  arguments: flags,
  files,
  credentials,
}: AggregationAssemblyOptions): Promise<{ readonly certificate: string; readonly privateKey: string }> {
  const [certificateFile, keyFile] = [flags.get('proxy-client-cert-file'), flags.get('proxy-client-key-file')];
  if (certificateFile === undefined && keyFile === undefined) return credentials.frontProxy.client;
  if (certificateFile === undefined || keyFile === undefined) {
    throw new ComponentArgumentError('--proxy-client-cert-file and --proxy-client-key-file go together');
  }
  return {
    certificate: await readArgumentFile(files, certificateFile),
    privateKey: await readArgumentFile(files, keyFile),
  };
}

/** Whose word on users servers of aggregated groups may take, in the form of their ConfigMap. */
async function authenticationData(options: AggregationAssemblyOptions): Promise<Record<string, string>> {
  const { arguments: flags, files, credentials } = options;
  const clientFile = flags.get('client-ca-file');
  const clients = clientFile === undefined ? '' : await readArgumentFile(files, clientFile);
  const data = { 'client-ca-file': credentials.authority.certificate + clients };
  const proxyFile = flags.get('requestheader-client-ca-file');
  if (proxyFile === undefined) {
    // Another identity than the cluster's own is known by flags alone.
    return flags.get('proxy-client-cert-file') === undefined ? { ...data, ...ownProxyData(credentials) } : data;
  }
  const names = (flag: string): string => JSON.stringify(listArgument(flags, flag) ?? []);
  const uids = names('requestheader-uid-headers');
  return {
    ...data,
    'requestheader-allowed-names': names('requestheader-allowed-names'),
    'requestheader-client-ca-file': await readArgumentFile(files, proxyFile),
    'requestheader-extra-headers-prefix': names('requestheader-extra-headers-prefix'),
    'requestheader-group-headers': names('requestheader-group-headers'),
    ...(uids === '[]' ? {} : { 'requestheader-uid-headers': uids }),
    'requestheader-username-headers': names('requestheader-username-headers'),
  };
}

function ownProxyData({ frontProxy }: ClusterCredentials): Record<string, string> {
  return {
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': frontProxy.authority.certificate,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  };
}

/** The ConfigMap by which servers of aggregated groups find out whose word on users they may take. */
async function publishAuthentication(client: Client, data: Record<string, string>): Promise<void> {
  const configMaps = client.resource<ConfigMap>({ group: '', version: 'v1', resource: 'configmaps' }, 'kube-system');
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
