import type { ConfigMap, Node, Pod, Secret, Service } from '../../api/types/core-v1.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { Clock, Timer } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { HttpHandler } from '../../apimachinery/http.ts';
import type { ImageService, RuntimeService } from '../cri/runtime.ts';
import type { ProcessStats } from '../../system/process-stats.ts';
import { countProbe, countTermination, forgetProbes } from './kubelet-metrics.ts';
import { createKubeletServer } from './kubelet-server.ts';
import { ImageAccess } from './image-access.ts';
import type { NodeFiles } from './node-files.ts';
import {
  isMisrepresented,
  type NodeDescription,
  registerNode,
  renewNodeLease,
  updateNodeStatus,
} from './node-registration.ts';
import { isForLabels, rejectionOf } from './pod-admission.ts';
import { PodAllocation } from './pod-allocation.ts';
import { isTerminal } from './pod-status.ts';
import { versionOf } from './pod-status-writer.ts';
import { byResizeOrder } from './resize-order.ts';
import { PodWorker } from './pod-worker.ts';
import type { PodWorkerContext } from './pod-worker-context.ts';
import type { Prober } from './prober.ts';
import type { DialPod } from './runtime-prober.ts';
import { NodeUsage, type NodeUsageOptions } from './usage/node-usage.ts';
import type { KnownPod } from './usage/usage-summary.ts';
import { StartCounts } from './start-counts.ts';
import { UserNamespaces } from './user-namespaces.ts';

export interface KubeletOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly runtime: RuntimeService & ImageService;
  readonly prober: Prober;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: NodeDescription;
  /** The node's files, those that the runtime mounts from. */
  readonly files: NodeFiles;
  /** How hooks reach pods, also those of other nodes. */
  readonly dial: DialPod;
  /** The process that the kubelet is part of, with how many others; absent when nothing is known of it. */
  readonly process?: { readonly stats: () => ProcessStats; readonly kubelets: number };
}

/** A node agent. */
export interface Kubelet {
  /** Registers the node and begins to run the pods bound to it; the informers are started by the caller. */
  start(): Promise<void>;
  readonly nodeName: string;
  /** The kubelet's server: what the API server asks it for (logs, exec …). */
  readonly handle: HttpHandler;
  /** Stops working; pods stay as they are in the API. */
  stop(): Promise<void>;
}

const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const leaseRenewMillis = 10_000;
/** How long a node waits that was not let in. */
const registerMillis = 7000;
/** How often it is looked at what pods have on the disk. */
const evictionCheckMillis = 10_000;
/** How often it is looked at what is used, so that it can be told how much of late. */
const usageLookMillis = 10_000;
/** How often the status is looked at, and how often it is reported when it is as it was. */
const statusUpdateMillis = 10_000;
const statusReportMillis = 300_000;

/**
 * The node agent: one worker a pod, a heartbeat, and nothing else that knows of the node. It speaks to the API through
 * its client alone and to containers through the CRI alone.
 */
export function createKubelet(options: KubeletOptions): Kubelet {
  const { client, clock, log, node, runtime } = options;
  const pods = options.informers.informer<Pod>({ group: '', version: 'v1', resource: 'pods' });
  const nodes = options.informers.informer<Node>(nodesResource);
  const services = options.informers.informer<Service>({ group: '', version: 'v1', resource: 'services' });
  const sources = {
    configmap: options.informers.informer<ConfigMap>({ group: '', version: 'v1', resource: 'configmaps' }),
    secret: options.informers.informer<Secret>({ group: '', version: 'v1', resource: 'secrets' }),
  };
  const workers = new Map<string, PodWorker>();
  const terminations = new Map<string, number>();
  const starts = new StartCounts();
  const probes = new Map<string, number>();
  const usage = new NodeUsage({ runtime, clock, ...systemUseOf(options) });
  const memoryBytes = Number(parseQuantity(node.capacity['memory'] ?? '0').value());
  const timers = new Set<Timer>();
  let stopped = false;
  let begun = false;
  let registered: Node | undefined;
  let unsubscribe = (): void => {};

  const context: PodWorkerContext = {
    client,
    runtime,
    prober: options.prober,
    clock,
    log,
    hostIP: node.hostIP,
    memoryBytes,
    dns: { clusterDomain: 'cluster.local', ...(node.clusterDns === undefined ? {} : { clusterDns: node.clusterDns }) },
    files: options.files,
    userNamespaces: new UserNamespaces(),
    secretOf: (namespace, name) => sources.secret.get(namespace, name),
    imageAccess: new ImageAccess(),
    dial: options.dial,
    allocatable: () => currentNode().status?.allocatable ?? node.capacity,
    services: () => services.list(),
    rejects: (pod) => rejectionOf(pod, currentNode(), othersOf(pod.metadata.uid)),
    resized: () => retryResizes(),
    starts,
    countTermination: (kind, status) => countTermination(terminations, kind, status),
    countProbe: (outcome) => countProbe(probes, outcome),
    recordEvent(pod, type, reason, message, container) {
      const lists = ['initContainers', 'ephemeralContainers'] as const;
      const list = lists.find((one) => (pod.spec?.[one] ?? []).some(({ name }) => name === container)) ?? 'containers';
      const fieldPath = `spec.${list}{${container ?? ''}}`;
      options.events.event(pod, type, reason, message, container === undefined ? {} : { fieldPath });
    },
  };

  /** The node's object, the newest version there is here. */
  const currentNode = (): Node => {
    const versions = [registered, nodes.get('', node.name)].filter((version) => version !== undefined);
    const newest = versions.toSorted((left, right) => versionOf(right) - versionOf(left))[0];
    if (newest === undefined) throw new Error(`the node ${node.name} is not registered`);
    return newest;
  };

  /** The pods that take up room on the node, with what they were given. */
  const othersOf = (uid: string | undefined): Pod[] =>
    [...workers.values()]
      .filter(({ pod }) => pod.metadata.uid !== uid && !isTerminal(pod))
      .map((worker) => worker.allocated);

  /** Room was made. */
  const retryResizes = (): void => {
    for (const worker of [...workers.values()].toSorted(byResizeOrder)) worker.retryResize();
  };

  const accept = (pod: Pod): void => {
    if (stopped || pod.spec?.nodeName !== node.name) return;
    const uid = pod.metadata.uid ?? '';
    const worker = workers.get(uid);
    if (worker !== undefined) {
      worker.update(pod);
      if (isTerminal(pod)) retryResizes();
      return;
    }
    const others = othersOf(uid);
    const asAllocated = new PodAllocation(pod).allocated(pod);
    const known = rejectionOf(asAllocated, currentNode(), others);
    const created = new PodWorker(context, pod, async () => {
      if (!isForLabels(known)) return known;
      return rejectionOf(asAllocated, await client.resource<Node>(nodesResource).get(node.name), others);
    });
    workers.set(uid, created);
    created.wake();
  };

  const forget = (pod: Pod): void => {
    const uid = pod.metadata.uid ?? '';
    const worker = workers.get(uid);
    workers.delete(uid);
    context.userNamespaces.release(pod);
    starts.forget(pod);
    forgetProbes(probes, pod);
    retryResizes();
    worker?.remove().catch((error: unknown) => log.error('removing a pod failed', { uid, error: String(error) }));
  };

  const every = (millis: number, what: string, work: () => Promise<void>): void => {
    const timer = clock.setTimer(
      () => {
        timers.delete(timer);
        if (stopped) return;
        work()
          .catch((error: unknown) => log.warn(`${what} failed`, { node: node.name, error: String(error) }))
          .finally(() => every(millis, what, work));
      },
      millis,
      { unref: true },
    );
    if (stopped) timer.cancel();
    else timers.add(timer);
  };

  const tellNews = (about: Node, event: string): void => {
    options.events.event(about, 'Normal', event, `Node ${node.name} status is now: ${event}`);
  };

  const podOf = (uid: string): KnownPod | undefined => {
    const worker = workers.get(uid);
    return worker && { pod: worker.pod, volumePath: (volume) => worker.volumePath(volume) };
  };

  const register = async (): Promise<void> => {
    const news: [Node, string][] = [];
    const own = await registerNode(client, node, clock.now(), (...one) => news.push(one));
    registered = own;
    await renewNodeLease(client, own, clock.now());
    options.events.event(own, 'Normal', 'Starting', 'Starting kubelet.');
    for (const one of news) tellNews(...one);
  };

  const registerLater = (): void => {
    const again = async (): Promise<void> => {
      await register();
      begin();
    };
    const timer = clock.setTimer(
      () => {
        timers.delete(timer);
        again().catch((error: unknown) => {
          log.warn('registering the node failed, will be tried again', { node: node.name, error: String(error) });
          registerLater();
        });
      },
      registerMillis,
      { unref: true },
    );
    if (stopped) timer.cancel();
    else timers.add(timer);
  };

  /** Runs the pods that are there and those that come, and keeps up what is told of the node. */
  const begin = (): void => {
    if (begun || stopped) return;
    begun = true;
    unsubscribe = runtime.subscribe(({ type, containerId, podUid: uid }) => {
      if (type !== 'CONTAINER_STOPPED') return;
      workers.get(uid)?.wake();
      usage
        .containerEnded(containerId, uid)
        .catch((error: unknown) => log.error('looking at what a container used failed', { uid, error: String(error) }));
    });
    // The oldest first: those were there, and have what they ask for.
    const byAge = (left: Pod, right: Pod): number => ageOf(left) - ageOf(right);
    pods.list().toSorted(byAge).forEach(accept);
    pods.addHandler({ added: accept, updated: accept, deleted: forget });
    for (const kind of ['configmap', 'secret'] as const) {
      const changed = ({ metadata }: KubeObject): void => {
        for (const worker of workers.values()) {
          if (worker.pod.metadata.namespace === metadata.namespace) worker.sourceChanged(kind, metadata.name ?? '');
        }
      };
      sources[kind].addHandler({ added: changed, updated: changed, deleted: changed });
    }
    every(leaseRenewMillis, 'renewing the node lease', async () => {
      if (registered !== undefined) await renewNodeLease(client, registered, clock.now());
    });
    every(evictionCheckMillis, 'looking at the storage of pods', async () => {
      for (const worker of workers.values()) await worker.checkStorage();
    });
    every(usageLookMillis, 'looking at what is used', async () => void (await usage.measure()));
    let reportedAt = clock.now();
    every(statusUpdateMillis, 'reporting the node status', async () => {
      const isDue = clock.now() - reportedAt >= statusReportMillis;
      if (!isDue && !isMisrepresented(currentNode())) return;
      reportedAt = clock.now();
      registered = await updateNodeStatus(client, node, clock.now(), tellNews);
    });
  };

  return {
    nodeName: node.name,
    handle: createKubeletServer({
      runtime,
      clock,
      files: options.files,
      terminations,
      starts,
      probes,
      usage,
      summary: {
        nodeName: node.name,
        memoryBytes,
        files: options.files,
        podOf,
        images: () => runtime.listImages(),
      },
      machine: {
        processors: parseQuantity(node.capacity['cpu'] ?? '0').toNumber(),
        memoryBytes,
        labels: { boot_id: node.uid, machine_id: node.uid.replaceAll('-', ''), system_uuid: node.uid },
        podOf,
      },
      ...(options.process === undefined ? {} : { processStats: options.process.stats }),
      pods: () => [...workers.values()].map((worker) => worker.pod),
      podByName: (namespace, name) =>
        [...workers.values()]
          .map((worker) => worker.pod)
          .find(({ metadata }) => metadata.name === name && metadata.namespace === namespace),
    }),
    async start() {
      try {
        await register();
      } catch (error) {
        // Whom admission does not let in goes on with what is known of the node, and asks again.
        if (!(error instanceof StatusError)) throw error;
        log.warn('registering the node failed, will be tried again', { node: node.name, error: String(error) });
        registerLater();
        registered = nodes.get('', node.name);
      }
      if (registered !== undefined) begin();
    },
    async stop() {
      stopped = true;
      unsubscribe();
      for (const timer of timers) timer.cancel();
      timers.clear();
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
      workers.clear();
    },
  };
}

/** The kubelet's share of its process. */
function systemUseOf({ process }: KubeletOptions): Pick<NodeUsageOptions, 'systemUse'> {
  if (process === undefined) return {};
  const { stats, kubelets } = process;
  return {
    systemUse: () => {
      const { cpuSeconds, residentBytes } = stats();
      return { cpuSeconds: cpuSeconds / kubelets, memoryBytes: Math.round(residentBytes / kubelets) };
    },
  };
}

function ageOf({ metadata }: Pod): number {
  return Date.parse(metadata.creationTimestamp ?? '');
}
