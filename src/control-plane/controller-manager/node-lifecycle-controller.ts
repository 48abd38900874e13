import type { Lease } from '../../api/types/coordination-v1.ts';
import type { Node, Pod } from '../../api/types/core-v1.ts';
import { formatTime, type KubeObject } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Informer } from '../../client/informer.ts';
import { createWorkqueue, runWorkers } from '../../client/workqueue.ts';
import type { Timer } from '../../system/clock.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { keyOf, splitKey } from './keyed-controller.ts';
import { NodeHealth, readyCondition } from './node-health.ts';
import {
  isSameTaint,
  nodesResource,
  notReadyTaint,
  swapTaints,
  taintByConditions,
  unreachableTaint,
} from './node-taints.ts';
import { podsResource } from './pod-control.ts';
import { ZoneEvictions } from './zone-evictions.ts';

const leasesResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;
const leaseNamespace = 'kube-node-lease';
/** --node-monitor-period */
const monitorMillis = 5000;
const excludedLabel = 'node.kubernetes.io/exclude-disruption';
/** Labels of old, and where their values come from. */
const oldLabels: readonly (readonly [current: string, old: string])[] = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
];

/**
 * Watches over nodes: taints them by their conditions, tells that nobody hears of one any more, and has the pods of
 * nodes that are not ready or not reachable leave, slowly.
 */
export function createNodeLifecycleController(context: ControllerContext): Controller {
  return new NodeLifecycle(context);
}

class NodeLifecycle implements Controller {
  readonly name = 'node-lifecycle-controller';
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #leases: Informer<Lease>;
  readonly #queue;
  readonly #health = new NodeHealth();
  readonly #evictions = new ZoneEvictions();
  /** By name. */
  readonly #known = new Map<string, Node>();
  /** Nodes whose pods could not all be told. */
  readonly #untold = new Set<string>();
  #working: Promise<void> = Promise.resolve();
  #monitoring: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #evictionTimer: Timer | undefined;
  #stopped = false;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.informer<Node>(nodesResource);
    this.#pods = context.informers.informer<Pod>(podsResource);
    this.#leases = context.informers.informer<Lease>(leasesResource);
    this.#queue = createWorkqueue<string>({ clock: context.clock, observer: context.queueObserver?.() });
    const enqueue = (node: Node): void => this.#queue.add(keyOf(node));
    this.#nodes.addHandler({ added: enqueue, updated: enqueue });
    this.#pods.addHandler({
      updated: (pod, old) => {
        if (pod.spec?.nodeName !== old.spec?.nodeName) this.#queue.add(keyOf(pod));
      },
    });
  }

  start(): void {
    this.#working = runWorkers(
      this.#queue,
      5,
      (key) => (key.includes('/') ? this.#lookAtPod(key) : this.#lookAtNode(key)),
      (key, error) => this.#warn('a look at a node failed', { key, error: String(error) }),
    );
    this.#monitorIn(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#evictionTimer?.cancel();
    this.#queue.shutDown();
    await Promise.all([this.#working, this.#monitoring]);
  }

  #warn(message: string, fields: Readonly<Record<string, unknown>>): void {
    if (!this.#stopped) this.#context.log.warn(`${this.name}: ${message}`, fields);
  }

  #monitorIn(millis: number): void {
    if (this.#stopped) return;
    const run = (): void => {
      this.#monitoring = this.#monitor()
        .catch((error: unknown) => this.#warn('monitoring failed', { error: String(error) }))
        .finally(() => this.#monitorIn(monitorMillis));
    };
    this.#timer = this.#context.clock.setTimer(run, millis, { unref: true });
  }

  async #lookAtNode(name: string): Promise<void> {
    const node = this.#nodes.get('', name);
    if (node === undefined) return;
    await taintByConditions(this.#context, node);
    const labels = node.metadata.labels ?? {};
    const wrong = oldLabels.filter(
      ([current, old]) => labels[current] !== undefined && labels[old] !== labels[current],
    );
    if (wrong.length === 0) return;
    const patch = { metadata: { labels: Object.fromEntries(wrong.map(([current, old]) => [old, labels[current]])) } };
    await this.#context.client.resource(nodesResource).patch(name, 'application/merge-patch+json', patch);
  }

  /** A pod that comes to a node that is not ready is not ready either. */
  async #lookAtPod(key: string): Promise<void> {
    const { namespace, name } = splitKey(key);
    const pod = this.#pods.get(namespace, name);
    const node = this.#known.get(pod?.spec?.nodeName ?? '');
    const current = node === undefined ? undefined : this.#nodes.get('', node.metadata.name ?? '');
    const ready = current === undefined ? undefined : readyCondition(current);
    if (pod !== undefined && ready !== undefined && ready.status !== 'True') await this.#markNotReady(pod);
  }

  async #monitor(): Promise<void> {
    const nodes = this.#nodes.list();
    await this.#greet(nodes);
    const zones = new Map<string, boolean[]>();
    await Promise.all(
      nodes.map(async (node) => {
        const isReady = await this.#lookAtHealth(node);
        if (isReady === undefined || node.metadata.labels?.[excludedLabel] !== undefined) return;
        const zone = zoneOf(node);
        zones.set(zone, [...(zones.get(zone) ?? []), isReady]);
      }),
    );
    const turn = this.#evictions.observe(zones);
    if (turn === 'entered') for (const node of nodes) await this.#reachable(node);
    if (turn === 'left') this.#health.heardAll(this.#context.clock.now());
    await this.#taintNext();
  }

  /** Nodes that are new, and those that went. */
  async #greet(nodes: readonly Node[]): Promise<void> {
    const { events } = this.#context;
    const there = new Set(nodes.map(({ metadata }) => metadata.name ?? ''));
    for (const node of nodes) {
      const name = node.metadata.name ?? '';
      if (this.#known.has(name)) continue;
      this.#known.set(name, node);
      const text = `Node ${name} event: Registered Node ${name} in Controller`;
      events.event(nodeReference(node), 'Normal', 'RegisteredNode', text);
      await this.#reachable(node);
    }
    for (const [name, node] of this.#known) {
      if (there.has(name)) continue;
      this.#known.delete(name);
      this.#health.forget(name);
      this.#evictions.remove(name);
      const text = `Node ${name} event: Removing Node ${name} from Controller`;
      events.event(nodeReference(node), 'Normal', 'RemovingNode', text);
    }
  }

  /** @returns whether the node is ready; undefined when it could not be looked at */
  async #lookAtHealth(node: Node): Promise<boolean | undefined> {
    const name = node.metadata.name ?? '';
    const observed = readyCondition(node)?.status ?? 'Unknown';
    const { clock, client } = this.#context;
    const conditions = this.#health.check(node, this.#leases.get(leaseNamespace, name), clock.now());
    try {
      if (conditions !== undefined) {
        await client
          .resource<Node>(nodesResource)
          .patch(name, 'application/strategic-merge-patch+json', { status: { conditions } }, { subresource: 'status' });
      }
      const ready = (conditions ?? node.status?.conditions)?.find(({ type }) => type === 'Ready');
      if (ready === undefined) return false;
      await this.#taintByHealth(node, ready.status);
      await this.#tellPods(node, observed, ready.status);
      return ready.status === 'True';
    } catch (error) {
      if (!hasReason(error, 'NotFound')) this.#warn('a look at a node failed', { node: name, error: String(error) });
      return undefined;
    }
  }

  async #taintByHealth(node: Node, ready: string): Promise<void> {
    if (ready === 'True') {
      await this.#reachable(node);
      return;
    }
    const [added, opposite] = ready === 'False' ? [notReadyTaint, unreachableTaint] : [unreachableTaint, notReadyTaint];
    const taints = node.spec?.taints ?? [];
    const name = node.metadata.name ?? '';
    if (taints.some((taint) => isSameTaint(taint, opposite)))
      await swapTaints(this.#context, name, [added], [opposite]);
    else if (!taints.some((taint) => isSameTaint(taint, added))) this.#evictions.add(zoneOf(node), name);
  }

  async #reachable(node: Node): Promise<void> {
    const name = node.metadata.name ?? '';
    this.#evictions.remove(name);
    const own = (node.spec?.taints ?? []).filter((taint) =>
      [notReadyTaint, unreachableTaint].some((other) => isSameTaint(other, taint)),
    );
    await swapTaints(this.#context, name, [], own);
  }

  async #taintNext(): Promise<void> {
    const { clock } = this.#context;
    for (const name of this.#evictions.take(clock.now())) {
      const node = this.#nodes.get('', name);
      const ready = node === undefined ? undefined : readyCondition(node)?.status;
      if (ready === undefined || ready === 'True') continue;
      const [added, opposite] =
        ready === 'False' ? [notReadyTaint, unreachableTaint] : [unreachableTaint, notReadyTaint];
      await swapTaints(this.#context, name, [added], [opposite]);
    }
    this.#evictionTimer?.cancel();
    const next = this.#evictions.nextAt();
    if (next === undefined || this.#stopped) return;
    const again = (): void => {
      this.#taintNext().catch((error: unknown) => this.#warn('tainting failed', { error: String(error) }));
    };
    this.#evictionTimer = clock.setTimer(again, Math.max(0, next - clock.now()), { unref: true });
  }

  async #tellPods(node: Node, observed: string, ready: string): Promise<void> {
    const name = node.metadata.name ?? '';
    const isLostNow = ready !== 'True' && observed === 'True';
    if (isLostNow) {
      const text = `Node ${name} status is now: NodeNotReady`;
      this.#context.events.event(nodeReference(node), 'Normal', 'NodeNotReady', text);
    } else if (!this.#untold.has(name) || observed === 'True') {
      this.#untold.delete(name);
      return;
    }
    this.#untold.add(name);
    for (const pod of this.#pods.list()) if (pod.spec?.nodeName === name) await this.#markNotReady(pod);
    this.#untold.delete(name);
  }

  async #markNotReady(pod: Pod): Promise<void> {
    const { client, clock, events } = this.#context;
    const { name = '', namespace, uid } = pod.metadata;
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready === undefined || ready.status === 'False') return;
    const condition = { ...ready, status: 'False', lastTransitionTime: formatTime(clock.now()) };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    try {
      await client
        .resource<Pod>(podsResource, namespace)
        .patch(name, 'application/strategic-merge-patch+json', patch, { subresource: 'status' });
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      throw error;
    }
    events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
  }
}

/** Events about nodes name no version of them. */
function nodeReference({ metadata }: Node): KubeObject {
  const { name = '', uid = '' } = metadata;
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid } };
}

function zoneOf({ metadata }: Node): string {
  const labels = metadata.labels ?? {};
  const read = (what: string): string =>
    labels[`topology.kubernetes.io/${what}`] ?? labels[`failure-domain.beta.kubernetes.io/${what}`] ?? '';
  return `${read('region')}/${read('zone')}`;
}
