import type { Duplex } from 'node:stream';
import { MemoryFiles } from '../../src/node/cri/simulation/memory-files.ts';
import type { TestContext } from 'node:test';
import type { Pod } from '../../src/api/types/core-v1.ts';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { createEventRecorder } from '../../src/client/event-recorder.ts';
import { createInformerFactory } from '../../src/client/informer-factory.ts';
import { LocalKubelets } from '../../src/cluster/local-kubelets.ts';
import { allowEverything } from '../../src/control-plane/apiserver/filters/authorization.ts';
import { streamingEndpoints } from '../../src/control-plane/apiserver/streaming/streaming-endpoints.ts';
import { createHostLocalNetwork } from '../../src/node/cni/host-local-network.ts';
import type { RuntimeService } from '../../src/node/cri/runtime.ts';
import { createSimulatedRuntime } from '../../src/node/cri/simulated-runtime.ts';
import { createKubelet } from '../../src/node/kubelet/kubelet.ts';
import { dialPod } from '../../src/node/kubelet/pod-network.ts';
import { createRuntimeProber } from '../../src/node/kubelet/prober.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { type CommandCluster, createCommandCluster } from './command-cluster.ts';
import type { TestApiServerOptions } from './test-api-server.ts';

/** Commands, an API server and one node with its kubelet and simulated runtime, all in this process. */
export interface NodeCluster extends CommandCluster {
  readonly runtime: RuntimeService;
  /** Creates a pod on the node and waits until its kubelet has done what it can. */
  readonly createPod: (name: string, spec: object, metadata?: object) => Promise<Pod>;
  /** Lets the node work. */
  readonly work: () => Promise<void>;
}

/** The node's name. */
export const testNode = 'node';

/** Starts it; all ends with the test. */
export async function createNodeCluster(context: TestContext, api: TestApiServerOptions = {}): Promise<NodeCluster> {
  const clock = new FakeClock();
  const random = seededRandom(3);
  const kubelets = new LocalKubelets();
  const cluster = await createCommandCluster(context, {
    api: {
      clock,
      specialEndpoints: streamingEndpoints({ kubelets, authorizer: api.authorizer ?? allowEverything }),
      ...api,
    },
    world: { clock },
  });
  const { client } = cluster.api;
  const files = new MemoryFiles(() => clock.now());
  const runtime = createSimulatedRuntime({ clock, random, files, network: createHostLocalNetwork('10.244.0.0/24') });
  const dial = async (address: string, port: number): Promise<Duplex> => {
    const connection = await dialPod(runtime, { address, port });
    if (connection === undefined) throw new Error(`dial tcp ${address}:${port}: connect: no route to host`);
    return connection;
  };
  const informers = createInformerFactory({ client, clock, random, log: silentLogger });
  const kubelet = createKubelet({
    client,
    informers,
    runtime,
    prober: createRuntimeProber({ runtime, clock, dial }),
    files,
    dial,
    events: createEventRecorder({ client, component: 'kubelet', host: testNode, clock }),
    clock,
    log: silentLogger,
    node: {
      name: testNode,
      hostIP: '192.168.64.2',
      podCIDR: '10.244.0.0/24',
      labels: {},
      taints: [],
      capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' },
      kubeletVersion: 'v1.36.2',
      runtimeVersion: 'simulated://1.0.0',
      operatingSystem: 'linux',
      architecture: 'amd64',
      kernelVersion: '6',
      osImage: 'test',
      uid: random.uuid(),
    },
  });
  kubelets.add({
    ...kubelet,
    dial: (address, port) => dialPod(runtime, { address, port }),
    sendDatagram: () => Promise.resolve(undefined),
  });
  informers.start();
  await informers.waitForSync();
  await kubelet.start();
  context.after(async () => {
    await kubelet.stop();
    await informers.stop();
  });
  const work = async (): Promise<void> => {
    for (let round = 0; round < 4; round++) {
      await settle(20);
      // What falls due now, such as the end of an init container.
      await clock.advance(0);
    }
  };
  return {
    ...cluster,
    clock,
    runtime,
    work,
    async createPod(name, spec, metadata = {}) {
      const pod: Unstructured = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, ...metadata },
        spec: { nodeName: testNode, ...spec },
      };
      await cluster.api.create(pod);
      await work();
      return await client.resource({ group: '', version: 'v1', resource: 'pods' }, 'default').get(name);
    },
  };
}
