import type { Pod } from '../../src/api/types/core-v1.ts';
import type { GroupVersionResource } from '../../src/apimachinery/gvk.ts';
import { formatTime, type KubeObject } from '../../src/apimachinery/object-meta.ts';
import type { Client } from '../../src/client/client.ts';
import { createInformerFactory } from '../../src/client/informer-factory.ts';
import { createDiscoveryRoute } from '../../src/control-plane/apiserver/discovery/discovery-route.ts';
import { createControllerManager } from '../../src/control-plane/controller-manager/controller-manager.ts';
import { targetNode } from '../../src/control-plane/controller-manager/daemon-nodes.ts';
import type { CertificatePair } from '../../src/pki/certificates.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { createTestApiServer, type TestApiServer, type TestApiServerOptions } from './test-api-server.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const eventsResource = { group: '', version: 'v1', resource: 'events' } as const;

/** Controllers on a real API server, with a kubelet that a test plays. */
export interface ControllerHarness {
  readonly api: TestApiServer;
  readonly clock: FakeClock;
  /** What becomes of a pod that was created: running and ready, unless a test says otherwise. */
  fate: (pod: Pod) => 'Running' | 'Succeeded' | 'Failed' | 'Pending';
  /** Lets controllers and kubelet work until nothing changes any more. */
  converge(): Promise<void>;
  /** Lets controllers work, with no kubelet. */
  work(): Promise<void>;
  pods(): Promise<Pod[]>;
  get<T extends KubeObject>(gvr: GroupVersionResource, name: string): Promise<T>;
  list<T extends KubeObject>(gvr: GroupVersionResource): Promise<T[]>;
  patch(gvr: GroupVersionResource, name: string, patch: unknown): Promise<void>;
  /** `reason: message` of all events, by time. */
  events(): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts the named controllers. @param options what they are handed, where it is not the usual */
export async function createControllerHarness(
  controllers: string,
  options: {
    readonly authority?: CertificatePair;
    readonly serviceAccountKey?: string;
    readonly wrapClient?: (client: Client) => Client;
    /** Whether nodes get ranges; true when absent. */
    readonly allocateNodeCidrs?: boolean;
    /** How many pods that ended are left; the usual when absent. */
    readonly terminatedPodThreshold?: number;
    /** Resources that are served beside the usual ones. */
    readonly optionalResources?: ReadonlySet<string>;
    /** What of the server is not the usual. */
    readonly api?: TestApiServerOptions;
  } = {},
): Promise<ControllerHarness> {
  const clock = new FakeClock();
  const api = await createTestApiServer({
    clock,
    routes: [createDiscoveryRoute({ serverAddress: () => '127.0.0.1:6443' })],
    ...options.api,
  });
  const random = seededRandom(2);
  const client = options.wrapClient?.(api.client) ?? api.client;
  const shared = { client, clock, random, log: silentLogger };
  const informers = createInformerFactory(shared);
  const manager = createControllerManager({
    ...shared,
    informers,
    authority: options.authority ?? { certificate: '', privateKey: '' },
    signingAuthority: options.authority ?? { certificate: '', privateKey: '' },
    serviceAccountKey: options.serviceAccountKey ?? '',
    controllers,
    allocateNodeCidrs: options.allocateNodeCidrs ?? true,
    ...(options.optionalResources === undefined ? {} : { optionalResources: options.optionalResources }),
    ...(options.terminatedPodThreshold === undefined ? {} : { terminatedPodThreshold: options.terminatedPodThreshold }),
  });
  informers.start();
  await informers.waitForSync();
  manager.start();
  const pods = api.client.resource<Pod>(podsResource, 'default');

  const kubelet = async (): Promise<void> => {
    for (const pod of (await pods.list()).items) {
      const { name = '', deletionTimestamp } = pod.metadata;
      if (deletionTimestamp !== undefined) {
        // As a kubelet does it: how it ended is told before it goes.
        if (!isOver(pod))
          await pods.patch(
            name,
            'application/merge-patch+json',
            { status: { phase: 'Failed' } },
            { subresource: 'status' },
          );
        await pods.delete(name, { gracePeriodSeconds: 0 });
        continue;
      }
      if ((pod.spec?.nodeName ?? '') === '') {
        const target = { apiVersion: 'v1', kind: 'Node', name: targetNode(pod) ?? 'node' };
        const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
        await api.request('POST', `/api/v1/namespaces/default/pods/${name}/binding`, binding);
      }
      const phase = harness.fate(pod);
      if (phase === (pod.status?.phase ?? 'Pending')) continue;
      const time = formatTime(clock.now());
      const status = phase === 'Running' ? 'True' : 'False';
      await pods.patch(
        name,
        'application/merge-patch+json',
        { status: { phase, conditions: [{ type: 'Ready', status, lastTransitionTime: time }] } },
        { subresource: 'status' },
      );
    }
  };

  const harness: ControllerHarness = {
    api,
    clock,
    fate: () => 'Running',
    async work() {
      for (let round = 0; round < 4; round++) {
        await settle(30);
        await clock.advance(50);
      }
    },
    async converge() {
      for (let round = 0; round < 40; round++) {
        const before = await api.request('GET', '/api/v1/namespaces/default/pods');
        await kubelet();
        await harness.work();
        const after = await api.request('GET', '/api/v1/namespaces/default/pods');
        if (JSON.stringify(before.body['items']) === JSON.stringify(after.body['items'])) return;
      }
      throw new Error('the pods do not come to rest');
    },
    pods: async () => (await pods.list()).items,
    get: (gvr, name) => api.client.resource<never>(gvr, 'default').get(name),
    list: async (gvr) => (await api.client.resource<never>(gvr, 'default').list()).items,
    async patch(gvr, name, patch) {
      await api.client.resource(gvr, 'default').patch(name, 'application/merge-patch+json', patch);
    },
    async events() {
      const { items } = await api.client.resource(eventsResource, 'default').list();
      return items.map((event) => `${String(event['reason'])}: ${String(event['message'])}`);
    },
    async close() {
      await manager.stop();
      await informers.stop();
      await api.close();
    },
  };
  return harness;
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** A pod template with one container. */
export function podTemplate(image: string, restartPolicy = 'Always'): Record<string, unknown> {
  return {
    metadata: { labels: { app: 'web' } },
    spec: { restartPolicy, containers: [{ name: 'main', image }] },
  };
}

/** Order of texts. */
export function byText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
