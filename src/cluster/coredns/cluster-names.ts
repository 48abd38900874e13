import type { Service } from '../../api/types/core-v1.ts';
import type { EndpointSlice } from '../../api/types/discovery-v1.ts';
import { createInformerFactory } from '../../client/informer-factory.ts';
import type { ProcessContext } from '../../node/cri/simulation/process-context.ts';
import { ClusterDns } from '../../node/proxy/cluster-dns.ts';
import { sleep } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { Random } from '../../system/random.ts';
import { inClusterClient } from '../in-cluster-client.ts';

/** A server that is to know them waits no longer than that. */
const longestWaitMillis = 5000;

/** The names of a cluster, kept up to date. */
export interface ClusterNames {
  readonly dns: ClusterDns;
  /** Whether all of them are known. */
  isSynced(): boolean;
  stop(): Promise<void>;
}

/**
 * Follows services and their endpoints with the rights of the pod's service account.
 * @throws Error in the words of client-go outside of a cluster
 */
export async function followClusterNames(
  context: ProcessContext,
  { random, log }: { readonly random: Random; readonly log: Logger },
): Promise<ClusterNames> {
  const client = inClusterClient(context, 'coredns');
  const informers = createInformerFactory({ client, clock: context.clock, random, log });
  const services = informers.informer<Service>({ group: '', version: 'v1', resource: 'services' });
  const slices = informers.informer<EndpointSlice>({
    group: 'discovery.k8s.io',
    version: 'v1',
    resource: 'endpointslices',
  });
  informers.start();
  let isSynced = false;
  const synced = informers.waitForSync().then(
    () => void (isSynced = true),
    () => undefined,
  );
  const enough = new AbortController();
  const signal = AbortSignal.any([context.signal, enough.signal]);
  await Promise.race([synced, sleep(context.clock, longestWaitMillis, signal)]);
  enough.abort();
  if (!isSynced) {
    const text = '[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API\n';
    await context.stdout.write(Buffer.from(text));
  }
  return {
    dns: new ClusterDns({ services, slices }),
    isSynced: () => isSynced,
    async stop() {
      await informers.stop();
      await client.close();
    },
  };
}
