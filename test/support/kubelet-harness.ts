import { dialPod } from '../../src/node/kubelet/pod-network.ts';
import type { Duplex } from 'node:stream';
import { MemoryFiles } from '../../src/node/cri/simulation/memory-files.ts';
import type { Event, Pod, PodSpec } from '../../src/api/types/core-v1.ts';
import { createEventRecorder } from '../../src/client/event-recorder.ts';
import { createInformerFactory } from '../../src/client/informer-factory.ts';
import { createHostLocalNetwork } from '../../src/node/cni/host-local-network.ts';
import {
  createSimulatedRuntime,
  exitAfterAnnotation,
  exitCodeAnnotation,
} from '../../src/node/cri/simulated-runtime.ts';
import type { ImageService, RuntimeService } from '../../src/node/cri/runtime.ts';
import { createKubelet } from '../../src/node/kubelet/kubelet.ts';
import type { NodeDescription } from '../../src/node/kubelet/node-registration.ts';
import type { Prober } from '../../src/node/kubelet/prober.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { createTestApiServer, type TestApiServer, type TestApiServerOptions } from './test-api-server.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const eventsResource = { group: '', version: 'v1', resource: 'events' } as const;

/** What a pod of a test has besides the usual. */
export interface TestPod {
  readonly spec?: Partial<PodSpec>;
  readonly annotations?: Record<string, string>;
  readonly finalizers?: string[];
}

/** One kubelet on a real API server. */
export interface KubeletHarness {
  readonly api: TestApiServer;
  readonly clock: FakeClock;
  readonly runtime: RuntimeService & ImageService;
  /** What probes answer; success when absent. Keys are `container/probe path`. */
  readonly failing: Set<string>;
  /** Creates a pod that is bound to the node. */
  create(name: string, pod?: TestPod): Promise<void>;
  pod(name: string): Promise<Pod>;
  pods(): Promise<string[]>;
  /** Lets the kubelet work without time passing. */
  work(): Promise<void>;
  /** Time passes. */
  advance(seconds: number): Promise<void>;
  /** `reason: message` of the events about a pod, by time. */
  events(name: string): Promise<string[]>;
  close(): Promise<void>;
}

/** A node as it describes itself. */
export const testNode: NodeDescription = {
  name: 'node-1',
  hostIP: '192.168.64.2',
  podCIDR: '10.244.0.0/24',
  labels: { disk: 'ssd' },
  taints: [],
  capacity: { cpu: '4', memory: '8Gi', pods: '110' },
  kubeletVersion: 'v1.36.2',
  runtimeVersion: 'simulated://1.0.0',
  operatingSystem: 'linux',
  architecture: 'amd64',
  kernelVersion: '6.1',
  osImage: 'test',
  uid: '00000000-0000-4000-8000-000000000001',
};

/** Annotations of a pod whose containers end by themselves. */
export function ends(exitCode: number, afterSeconds = 1): Record<string, string> {
  return { [exitAfterAnnotation]: `${afterSeconds}`, [exitCodeAnnotation]: `${exitCode}` };
}

/** Starts a kubelet with a simulated runtime. @param server how its API server differs from others in tests */
export async function createKubeletHarness(
  node: NodeDescription = testNode,
  server: TestApiServerOptions = {},
): Promise<KubeletHarness> {
  const clock = new FakeClock();
  const api = await createTestApiServer({ ...server, clock });
  const random = seededRandom(3);
  const shared = { client: api.client, clock, random, log: silentLogger };
  const informers = createInformerFactory(shared);
  const files = new MemoryFiles(() => clock.now());
  const runtime = createSimulatedRuntime({ clock, random, files, network: createHostLocalNetwork(node.podCIDR) });
  const dial = async (address: string, port: number): Promise<Duplex> => {
    const connection = await dialPod(runtime, { address, port });
    if (connection === undefined) throw new Error(`dial tcp ${address}:${port}: connect: no route to host`);
    return connection;
  };
  const failing = new Set<string>();
  const prober: Prober = {
    probe(_pod, container, probe) {
      const ok = !failing.has(`${container.name}${probe.httpGet?.path ?? ''}`);
      return Promise.resolve({ ok, output: ok ? '' : 'HTTP probe failed with statuscode: 500' });
    },
  };
  const events = createEventRecorder({ client: api.client, component: 'kubelet', host: node.name, clock });
  const kubelet = createKubelet({ ...shared, informers, runtime, prober, events, node, files, dial });
  informers.start();
  await informers.waitForSync();
  await kubelet.start();
  const pods = api.client.resource<Pod>(podsResource, 'default');
  return {
    api,
    clock,
    runtime,
    failing,
    async create(name, { spec = {}, annotations = {}, finalizers = [] } = {}) {
      await api.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, annotations, finalizers },
        spec: { nodeName: node.name, containers: [{ name: 'main', image: 'main:1' }], ...spec },
      });
      await settle(60);
    },
    pod: (name) => pods.get(name),
    pods: async () => (await pods.list()).items.map(({ metadata }) => metadata.name ?? ''),
    work: () => settle(60),
    async advance(seconds) {
      await clock.advance(seconds * 1000);
      await settle(60);
    },
    async events(name) {
      const { items } = await api.client.resource<Event>(eventsResource, 'default').list();
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason ?? ''}: ${message ?? ''}`);
    },
    async close() {
      await kubelet.stop();
      await informers.stop();
      await api.close();
    },
  };
}
